#include "xdm/text_format.hpp"

#include <date/date.h>

#include <array>
#include <cstddef>
#include <utility>

#include "xdm/pattern.hpp"
#include "xdm/uri.hpp"

namespace aep::xdm {
namespace {

struct Description {
    std::string_view name;
    std::string_view example;
};

/// By TextFormat.
constexpr std::array<Description, 10> kDescriptions{{
    {"", ""},
    {"date", "2019-05-15"},
    {"date-time", "2019-05-15T20:20:39Z"},
    {"time", "20:20:39Z"},
    {"uri", "https://example.com/a"},
    {"uri-reference", "https://example.com/a or a/b"},
    {"email", "jane@example.com"},
    {"ipv4", "192.0.2.1"},
    {"ipv6", "2001:db8::1"},
    {"regex", "^[a-z]+$"},
}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// The number at text[at..at+1], or -1.
int two_digits(std::string_view text, std::size_t at) {
    if (at + 2 > text.size() || !is_digit(text[at]) || !is_digit(text[at + 1])) return -1;
    return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

bool is_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    const int century = two_digits(text, 0);
    const int rest = two_digits(text, 2);
    const int month = two_digits(text, 5);
    const int day = two_digits(text, 8);
    if (century < 0 || rest < 0 || month < 0 || day < 0) return false;
    return (date::year{century * 100 + rest} / month / day).ok();
}

/// The same texts as parse_date_time() reads, without the time: a check costs a third of it.
bool is_date_time(std::string_view text) {
    constexpr std::size_t kShortest = 20;
    constexpr std::size_t kMostFractionDigits = 9;
    if (text.size() < kShortest || text[10] != 'T' || text[13] != ':' || text[16] != ':') return false;
    const int hour = two_digits(text, 11);
    const int minute = two_digits(text, 14);
    const int second = two_digits(text, 17);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
    if (!is_date(text.substr(0, 10))) return false;
    std::size_t at = 19;
    if (text[at] == '.') {
        const std::size_t first = ++at;
        while (at < text.size() && is_digit(text[at])) ++at;
        if (at == first || at - first > kMostFractionDigits) return false;
    }
    const std::string_view zone = text.substr(at);
    if (zone == "Z") return true;
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return false;
    const int hours = two_digits(zone, 1);
    const int minutes = two_digits(zone, 4);
    return hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59;
}

/// A leap second ends the last minute of a day, in UTC.
bool is_time(std::string_view text) {
    const int hour = two_digits(text, 0);
    const int minute = two_digits(text, 3);
    const int second = two_digits(text, 6);
    if (text.size() < 9 || text[2] != ':' || text[5] != ':') return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
    std::size_t at = 8;
    if (text[at] == '.') {
        const std::size_t first = ++at;
        while (at < text.size() && is_digit(text[at])) ++at;
        if (at == first) return false;
    }
    const std::string_view zone = text.substr(at);
    int offset = 0;
    if (zone != "Z" && zone != "z") {
        const int hours = two_digits(zone, 1);
        const int minutes = two_digits(zone, 4);
        if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return false;
        if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
        offset = (zone[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
    }
    constexpr int kMinutesOfDay = 24 * 60;
    const int utc = (hour * 60 + minute - offset + 2 * kMinutesOfDay) % kMinutesOfDay;
    return second < 60 || utc == kMinutesOfDay - 1;
}

/// RFC 5321 atext, from RFC 5322.
bool is_atom_character(char c) {
    return is_alpha(c) || is_digit(c) ||
           std::string_view{"!#$%&'*+-/=?^_`{|}~"}.find(c) != std::string_view::npos;
}

bool is_quoted_string(std::string_view text) {
    if (text.size() < 2 || text.back() != '"') return false;
    text = text.substr(1, text.size() - 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"' || text[i] < ' ' || text[i] > '~') return false;
        if (text[i] != '\\') continue;
        ++i;
        if (i == text.size() || text[i] < ' ' || text[i] > '~') return false;
    }
    return true;
}

bool is_local_part(std::string_view text) {
    constexpr std::size_t kLongest = 64;  // section 4.5.3.1.1
    if (text.empty() || text.size() > kLongest) return false;
    if (text.front() == '"') return is_quoted_string(text);
    char before = '.';
    for (const char c : text) {
        if (c == '.' ? before == '.' : !is_atom_character(c)) return false;
        before = c;
    }
    return before != '.';
}

bool is_domain(std::string_view text) {
    constexpr std::size_t kLongest = 255;  // section 4.5.3.1.2
    constexpr std::size_t kLongestLabel = 63;
    if (text.empty() || text.size() > kLongest) return false;
    while (true) {
        const std::size_t dot = text.find('.');
        const std::string_view label = text.substr(0, dot);
        if (label.empty() || label.size() > kLongestLabel) return false;
        for (const char c : label) {
            if (!is_alpha(c) && !is_digit(c) && c != '-') return false;
        }
        if (label.front() == '-' || label.back() == '-') return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

/// Section 4.1.3, between its brackets.
bool is_address_literal(std::string_view text) {
    if (is_ipv4(text)) return true;
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view tag = text.substr(0, colon);
    const std::string_view rest = text.substr(colon + 1);
    const bool is_ipv6_tag = tag.size() == 4 && (tag[0] | 0x20) == 'i' && (tag[1] | 0x20) == 'p' &&
                             (tag[2] | 0x20) == 'v' && tag[3] == '6';
    if (is_ipv6_tag) return is_ipv6(rest);
    for (const char c : rest) {
        if (c < '!' || c > '~' || (c >= '[' && c <= ']')) return false;
    }
    return !rest.empty() && is_domain(tag) && tag.find('.') == std::string_view::npos;
}

bool is_email(std::string_view text) {
    // A quoted local part may hold an @, a domain may not.
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || !is_local_part(text.substr(0, at))) return false;
    const std::string_view domain = text.substr(at + 1);
    if (domain.size() > 2 && domain.front() == '[' && domain.back() == ']') {
        return is_address_literal(domain.substr(1, domain.size() - 2));
    }
    return is_domain(domain);
}

}  // namespace

TextFormat text_format_of(std::string_view name) {
    for (std::size_t i = 1; i < kDescriptions.size(); ++i) {
        if (kDescriptions[i].name == name) return static_cast<TextFormat>(i);
    }
    return TextFormat::None;
}

std::string_view name_of(TextFormat format) {
    return kDescriptions[static_cast<std::size_t>(format)].name;
}

std::string_view example_of(TextFormat format) {
    return kDescriptions[static_cast<std::size_t>(format)].example;
}

bool matches(TextFormat format, std::string_view text) {
    switch (format) {
        case TextFormat::None:
            return true;
        case TextFormat::Date:
            return is_date(text);
        case TextFormat::DateTime:
            return is_date_time(text);
        case TextFormat::Time:
            return is_time(text);
        case TextFormat::Uri:
            return is_uri(text);
        case TextFormat::UriReference:
            return is_uri_reference(text);
        case TextFormat::Email:
            return is_email(text);
        case TextFormat::Ipv4:
            return is_ipv4(text);
        case TextFormat::Ipv6:
            return is_ipv6(text);
        case TextFormat::Regex:
            return is_ecma_pattern(text);
    }
    return true;
}

bool is_ipv4(std::string_view text) {
    int parts = 0;
    std::size_t at = 0;
    while (parts < 4) {
        const std::size_t first = at;
        int value = 0;
        while (at < text.size() && is_digit(text[at]) && at - first < 3)
            value = value * 10 + (text[at++] - '0');
        const std::size_t digits = at - first;
        if (digits == 0 || value > 255 || (digits > 1 && text[first] == '0')) return false;
        ++parts;
        if (parts < 4 && (at == text.size() || text[at++] != '.')) return false;
    }
    return at == text.size();
}

bool is_ipv6(std::string_view text) {
    constexpr int kGroups = 8;
    int groups = 0;
    bool has_gap = false;
    std::size_t at = 0;
    if (text.starts_with("::")) {
        has_gap = true;
        at = 2;
    }
    while (at < text.size()) {
        std::size_t end = at;
        while (end < text.size() && is_hex(text[end])) ++end;
        if (end < text.size() && text[end] == '.') {
            groups += 2;
            return is_ipv4(text.substr(at)) && (has_gap ? groups < kGroups : groups == kGroups);
        }
        if (end == at || end - at > 4 || ++groups > kGroups) return false;
        at = end;
        if (at == text.size()) break;
        if (text[at++] != ':' || at == text.size()) return false;
        if (text[at] == ':') {
            if (has_gap) return false;
            has_gap = true;
            ++at;
        }
    }
    return has_gap ? groups < kGroups : groups == kGroups;
}

}  // namespace aep::xdm
