#include "http/proxy.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <charconv>
#include <cstdlib>

namespace aep::http {
namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view kScheme = "http://";
constexpr std::uint16_t kHttp = 80;

base::Error wrong(std::string_view what) {
    return base::Error{
        fmt::format("the proxy's URL {}; write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT", what)};
}

std::string lower(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return result;
}

/// Nothing where a '%' has no two hex digits behind it.
std::optional<std::string> percent_decode(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        unsigned byte = 0;
        const char* const digits = text.data() + i + 1;
        if (text.size() - i < 3 || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
            return std::nullopt;
        }
        result += static_cast<char>(byte);
        i += 2;
    }
    return result;
}

std::string base64(std::string_view text) {
    std::string coded((text.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    coded.resize(static_cast<std::size_t>(size));
    return coded;
}

/// RFC 7617: user and password with a colon between them.
std::optional<std::string> basic(std::string_view user_info) {
    const std::size_t colon = std::min(user_info.find(':'), user_info.size());
    const auto user = percent_decode(user_info.substr(0, colon));
    const auto password = percent_decode(user_info.substr(std::min(colon + 1, user_info.size())));
    if (!user || !password || user->find(':') != std::string::npos) return std::nullopt;
    return "Basic " + base64(*user + ':' + *password);
}

/// Takes ":PORT" from the end of an entry; false where it names another port.
bool take_port(std::string_view& entry, std::uint16_t port) {
    const std::size_t colon = entry.rfind(':');
    const bool is_port = colon != std::string_view::npos && colon + 1 < entry.size() &&
                         (entry.find(':') == colon || entry[colon - 1] == ']');
    if (!is_port) return true;
    const bool same = entry.substr(colon + 1) == std::to_string(port);
    entry = entry.substr(0, colon);
    return same;
}

bool is_in_network(const std::string& network, const ip::address& address) {
    boost::system::error_code error;
    if (address.is_v4()) {
        const auto found = ip::make_network_v4(network, error);
        return !error &&
               found.canonical() == ip::network_v4{address.to_v4(), found.prefix_length()}.canonical();
    }
    const auto found = ip::make_network_v6(network, error);
    return !error && found.canonical() == ip::network_v6{address.to_v6(), found.prefix_length()}.canonical();
}

bool names_address(const std::string& entry, const std::string& host) {
    const ip::address address = ip::make_address(host);
    if (entry.find('/') != std::string::npos) return is_in_network(entry, address);
    boost::system::error_code error;
    const ip::address other = ip::make_address(entry, error);
    return !error && other == address;
}

bool names(std::string_view entry, const Authority& host) {
    if (entry == "*") return true;
    if (!take_port(entry, host.port)) return false;
    if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
    if (host.is_address) return names_address(std::string{entry}, host.host);
    if (entry.starts_with("*.")) entry.remove_prefix(1);
    if (entry.starts_with('.')) entry.remove_prefix(1);
    const std::string name = lower(entry);
    if (name.empty() || !host.host.ends_with(name)) return false;
    return host.host.size() == name.size() || host.host[host.host.size() - name.size() - 1] == '.';
}

bool is_this_host(const Authority& host) {
    if (!host.is_address) return host.host == "localhost" || host.host.ends_with(".localhost");
    return ip::make_address(host.host).is_loopback();
}

}  // namespace

base::Result<Proxy> parse_proxy_url(std::string_view text) {
    const std::size_t scheme_end = text.find("://");
    if (scheme_end != std::string_view::npos) {
        if (lower(text.substr(0, scheme_end + 3)) != kScheme)
            return wrong("is not one of an HTTP proxy (http://)");
        text.remove_prefix(scheme_end + 3);
    }
    if (text.ends_with('/')) text.remove_suffix(1);
    Proxy proxy;
    if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
        const auto authorization = basic(text.substr(0, at));
        if (!authorization) return wrong("has a user or password that is not percent-encoded");
        proxy.authorization = *authorization;
        text.remove_prefix(at + 1);
    }
    auto host = parse_authority(text, kHttp);
    if (!host) return wrong("has no valid host and port");
    proxy.host = std::move(*host);
    return proxy;
}

bool is_named_by(std::string_view no_proxy, const Authority& host) {
    constexpr std::string_view kBetween = ", \t";
    while (!no_proxy.empty()) {
        const std::size_t end = std::min(no_proxy.find_first_of(kBetween), no_proxy.size());
        const std::string_view entry = no_proxy.substr(0, end);
        if (!entry.empty() && names(entry, host)) return true;
        no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
    }
    return false;
}

Environment process_environment() {
    return [](const char* name) -> std::optional<std::string> {
        // Nothing in this process changes the environment.
        const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
        if (value == nullptr) return std::nullopt;
        return value;
    };
}

base::Result<std::optional<Proxy>> choose_proxy(const std::string& setting, const Authority& peer,
                                                const Environment& environment) {
    using Choice = std::optional<Proxy>;
    if (setting == "none") return Choice{};
    if (!setting.empty()) {
        auto given = parse_proxy_url(setting);
        if (!given) return base::Error{"proxy: " + given.error().message};
        return Choice{std::move(*given)};
    }
    const auto first_of = [&environment](const char* one, const char* other) {
        const auto found = environment(one);
        return found && !found->empty() ? *found : environment(other).value_or("");
    };
    const std::string url = first_of("https_proxy", "HTTPS_PROXY");
    if (url.empty() || is_this_host(peer) || is_named_by(first_of("no_proxy", "NO_PROXY"), peer)) {
        return Choice{};
    }
    auto found = parse_proxy_url(url);
    if (!found) return base::Error{"environment variable HTTPS_PROXY: " + found.error().message};
    return Choice{std::move(*found)};
}

}  // namespace aep::http
