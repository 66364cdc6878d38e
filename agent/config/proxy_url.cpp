#include <string>

#include "config/checks.hpp"

/// What may stand in `proxy:`; the http room takes it apart.
namespace aep::config {
namespace {

constexpr std::string_view kScheme = "http://";

/// Where the host begins.
std::size_t authority_of(std::string_view url) {
    const std::size_t at = url.rfind('@');
    return at == std::string_view::npos ? kScheme.size() : at + 1;
}

}  // namespace

std::optional<Fault> check_proxy_url(std::string_view text) {
    constexpr const char* kExample = "write http://HOST:PORT, http://USER:PASSWORD@HOST:PORT or none";
    if (text == "none") return std::nullopt;
    if (!text.starts_with(kScheme)) return Fault{"is not the URL of an HTTP proxy", kExample};
    std::string host{text.substr(authority_of(text))};
    if (host.ends_with('/')) host.pop_back();
    const bool has_port = host.rfind(':') != std::string::npos && !host.ends_with(']');
    if (!check_listen(has_port ? host : host + ":80") && !host.ends_with(":0")) return std::nullopt;
    return Fault{"has no valid host and port; percent-encode special characters of user and password",
                 kExample};
}

std::string without_user(std::string url) {
    const std::size_t host = authority_of(url);
    if (host > kScheme.size()) url.replace(kScheme.size(), host - 1 - kScheme.size(), "***");
    return url;
}

}  // namespace aep::config
