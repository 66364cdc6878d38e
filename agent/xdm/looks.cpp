#include "xdm/looks.hpp"

#include <algorithm>
#include <string>

#include "xdm/timestamp.hpp"

namespace aep::xdm {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_alphanumeric(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Names with dots between them, each of alphanumerics and `marks`, none at an end.
bool is_dotted(std::string_view text, std::string_view marks) {
    constexpr std::size_t kLongestLabel = 63;  // RFC 1035, section 2.3.4
    while (true) {
        const std::string_view name = text.substr(0, text.find('.'));
        const bool good = !name.empty() && name.size() <= kLongestLabel && is_alphanumeric(name.front()) &&
                          is_alphanumeric(name.back()) && std::ranges::all_of(name, [&](char c) {
                              return is_alphanumeric(c) || marks.find(c) != std::string_view::npos;
                          });
        if (!good) return false;
        if (name.size() == text.size()) return true;
        text.remove_prefix(name.size() + 1);
    }
}

}  // namespace

bool looks_like_date_time(std::string_view text) {
    return parse_date_time(text).has_value();
}

bool looks_like_date(std::string_view text) {
    constexpr std::size_t kLength = std::string_view{"YYYY-MM-DD"}.size();
    return text.size() == kLength && parse_date_time(std::string{text} + "T00:00:00Z").has_value();
}

bool looks_like_email(std::string_view text) {
    constexpr std::size_t kLongestLocal = 64;  // RFC 5321, section 4.5.3.1
    constexpr std::size_t kLongest = 254;
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos || at > kLongestLocal || text.size() > kLongest) return false;
    const std::string_view host = text.substr(at + 1);
    return is_dotted(text.substr(0, at), "_%+-") && host.find('.') != std::string_view::npos &&
           is_dotted(host, "-");
}

bool looks_like_uri(std::string_view text) {
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos || colon == 0) return false;
    if (!std::ranges::all_of(text.substr(0, colon), [](char c) { return c >= 'a' && c <= 'z'; }))
        return false;
    const std::string_view rest = text.substr(colon + 3);
    const std::string_view host = rest.substr(0, rest.find_first_of("/?#:"));
    if (!is_dotted(host, "-")) return false;
    bool in_fragment = false;
    for (std::size_t i = host.size(); i < rest.size(); ++i) {
        const char c = rest[i];
        if (c == '#' && in_fragment) return false;
        in_fragment = in_fragment || c == '#';
        if (c == '%' && (i + 2 >= rest.size() || !is_hex(rest[i + 1]) || !is_hex(rest[i + 2]))) return false;
        // Unreserved, reserved but for the brackets, and the percent sign.
        if (!is_alphanumeric(c) &&
            std::string_view{"-._~:/?#@!$&'()*+,;=%"}.find(c) == std::string_view::npos)
            return false;
    }
    // A port is digits up to the path.
    if (host.size() < rest.size() && rest[host.size()] == ':') {
        const std::string_view port = rest.substr(host.size() + 1);
        return std::ranges::all_of(port.substr(0, port.find_first_of("/?#")), is_digit);
    }
    return true;
}

bool looks_like_data(std::string_view key) {
    constexpr std::size_t kShortestHash = 16;
    if (key.empty()) return false;
    const bool hexadecimal = std::ranges::all_of(key, [](char c) { return is_hex(c) || c == '-'; });
    const bool has_digit = std::ranges::any_of(key, is_digit);
    return std::ranges::all_of(key, is_digit) || (hexadecimal && has_digit && key.size() >= kShortestHash) ||
           looks_like_date(key) || looks_like_email(key);
}

}  // namespace aep::xdm
