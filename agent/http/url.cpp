#include "http/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <optional>

namespace aep::http {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::uint16_t kHttps = 443;
constexpr std::size_t kLongestName = 253;  // RFC 1035 2.3.4, in text

base::Error wrong(std::string_view what) {
    return base::Error{fmt::format("the URL {}", what)};
}

std::string lower(std::string_view text) {
    std::string result{text};
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

bool is_name(std::string_view host) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    };
    return !host.empty() && host.size() <= kLongestName && host.front() != '.' && host.front() != '-' &&
           host.find("..") == std::string_view::npos && std::ranges::all_of(host, allowed);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

/// Takes the host from the front of `authority` and leaves ":port" or nothing.
bool take_host(std::string_view& authority, Authority& url) {
    if (!authority.starts_with('[')) {
        const std::string_view host = authority.substr(0, authority.find(':'));
        authority.remove_prefix(host.size());
        url.host = lower(host);
        boost::system::error_code not_an_address;
        boost::asio::ip::make_address_v4(url.host, not_an_address);
        url.is_address = !not_an_address;
        return is_name(url.host);
    }
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return false;
    url.host = lower(authority.substr(1, close - 1));
    authority.remove_prefix(close + 1);
    url.is_address = true;
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(url.host, error);
    return !error && url.host.find('%') == std::string::npos;
}

}  // namespace

std::string Authority::to_string() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

base::Result<Authority> parse_authority(std::string_view text, std::uint16_t default_port) {
    Authority authority;
    if (!take_host(text, authority)) return wrong("has no valid host");
    authority.port = default_port;
    if (text.empty()) return authority;
    const auto port = text.front() == ':' ? parse_port(text.substr(1)) : std::nullopt;
    if (!port) return wrong("has no valid port (1 to 65535)");
    authority.port = *port;
    return authority;
}

std::string Url::host_header() const {
    const std::string name = to_string();
    return port == kHttps ? name.substr(0, name.rfind(':')) : name;
}

base::Result<Url> parse_https_url(std::string_view text) {
    if (lower(text.substr(0, kScheme.size())) != kScheme) return wrong("does not begin with https://");
    const auto plain = [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '<' && c != '>'; };
    if (!std::ranges::all_of(text, plain)) return wrong("holds a character that no URL may hold");
    if (text.find('#') != std::string_view::npos) return wrong("has a fragment (#...)");

    const std::string_view rest = text.substr(kScheme.size());
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    const std::string_view authority = rest.substr(0, end);
    if (authority.find('@') != std::string_view::npos) return wrong("holds a user name");

    const auto parsed = parse_authority(authority, kHttps);
    if (!parsed) return parsed.error();
    Url url{*parsed, ""};
    url.target = rest.substr(end);
    if (!url.target.starts_with('/')) url.target = fmt::format("/{}", url.target);
    return url;
}

std::string batch_target(std::string target) {
    constexpr std::string_view kCollection = "/collection/";
    constexpr std::string_view kBatch = "/collection/batch/";
    const std::size_t found = target.find(kCollection);
    if (found == std::string::npos || target.compare(found, kBatch.size(), kBatch) == 0) return target;
    return target.replace(found, kCollection.size(), kBatch);
}

}  // namespace aep::http
