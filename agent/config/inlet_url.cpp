#include <optional>
#include <string>

#include "config/checks.hpp"

/// The inlet's URL is used as AEP gives it; only what the agent would misread or ought not do is refused.
namespace aep::config {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::string_view kCollection = "/collection/";
constexpr std::string_view kBatch = "/collection/batch/";
constexpr std::string_view kExample = "write it as AEP gives it: https://dcs.adobedc.net/collection/INLET";
constexpr std::size_t kLongest = 256;

std::optional<Fault> check_authority(std::string_view authority) {
    if (authority.find('@') != std::string_view::npos) {
        return Fault{"holds a user name", "remove it; the inlet knows none"};
    }
    const bool has_port = authority.rfind(':') != std::string_view::npos && !authority.ends_with(']');
    // A host without a port is checked with one.
    const std::string host_port = has_port ? std::string{authority} : std::string{authority} + ":443";
    if (check_listen(host_port) || host_port.ends_with(":0")) {
        return Fault{"has no valid host and port", std::string{kExample}};
    }
    return std::nullopt;
}

std::optional<Fault> check_path(std::string_view path) {
    const std::string_view start = path.starts_with(kBatch) ? kBatch : kCollection;
    if (!path.starts_with(start))
        return Fault{"has no path that begins with /collection/", std::string{kExample}};
    if (path.find_first_of("?#") != std::string_view::npos) {
        return Fault{"has a query or fragment",
                     "remove it; a flow id has a key of its own, `flow_id` of the stream"};
    }
    const std::string_view inlet = path.substr(start.size());
    if (inlet.empty()) return Fault{"has no inlet id behind /collection/", std::string{kExample}};
    for (const char c : inlet) {
        if (c <= ' ' || c >= 0x7F || c == '/' || c == '"') {
            return Fault{"has an inlet id that is not one", std::string{kExample}};
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<Fault> check_inlet_url(std::string_view text) {
    if (text.starts_with("http://")) return Fault{"is not encrypted", "TLS is required: write https://"};
    if (!text.starts_with(kScheme)) return Fault{"does not begin with https://", std::string{kExample}};
    if (text.size() > kLongest) return Fault{"is longer than 256 bytes", std::string{kExample}};
    const std::string_view rest = text.substr(kScheme.size());
    const std::size_t slash = rest.find('/');
    if (auto fault = check_authority(rest.substr(0, slash))) return fault;
    return check_path(slash == std::string_view::npos ? "" : rest.substr(slash));
}

std::optional<Fault> check_token_url(std::string_view text) {
    const std::string example = "write https://ims-na1.adobelogin.com/ims/token/v3";
    if (text.starts_with("http://")) return Fault{"is not encrypted", "TLS is required: write https://"};
    if (!text.starts_with(kScheme)) return Fault{"does not begin with https://", example};
    if (text.size() > kLongest) return Fault{"is longer than 256 bytes", example};
    const std::string_view rest = text.substr(kScheme.size());
    const std::size_t slash = rest.find('/');
    if (auto fault = check_authority(rest.substr(0, slash))) return Fault{fault->text, example};
    const bool plain =
        slash != std::string_view::npos && rest.find_first_of("?# \"") == std::string_view::npos;
    if (!plain) return Fault{"has no path, or a query", example};
    return std::nullopt;
}

std::string without_batch(std::string url) {
    const std::size_t found = url.find(kBatch);
    if (found != std::string::npos) url.replace(found, kBatch.size(), kCollection);
    return url;
}

}  // namespace aep::config
