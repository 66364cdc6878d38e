#include "xdm/text_format.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "xdm/pattern.hpp"
#include "xdm/uri.hpp"

namespace aep::xdm {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static_assert(std::endian::native == std::endian::little);

/// The number at text[at..at+1], or -1.
int two_digits(std::string_view text, std::size_t at) {
    if (at + 2 > text.size() || !is_digit(text[at]) || !is_digit(text[at + 1])) return -1;
    return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

/// Eight characters, the first in the lowest byte.
std::uint64_t word_at(std::string_view text, std::size_t at) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    return word;
}

/// What eight characters must look like: a 0 stands for any digit, all others for themselves. Checked in one
/// go, as most date-times are right.
class Shape {
  public:
    explicit constexpr Shape(const char (&shape)[9]) {
        for (unsigned i = 0; i < 8; ++i) {
            const bool is_digit = shape[i] == '0';
            characters_ |= std::uint64_t{static_cast<unsigned char>(shape[i])} << (8 * i);
            // What may be added to a byte before its highest bit is set: up to 9 for a digit, else nothing.
            margins_ |= std::uint64_t{is_digit ? 0x7FU - 9 : 0x7FU} << (8 * i);
        }
    }
    /// `word` with its digits as numbers and zeros in all other places, or nothing. A difference above 0x7F
    /// would carry into the next byte, but has the bit itself.
    [[nodiscard]] constexpr std::optional<std::uint64_t> read(std::uint64_t word) const {
        const std::uint64_t difference = word ^ characters_;
        if ((((difference + margins_) | difference) & 0x8080808080808080U) != 0) return std::nullopt;
        return difference;
    }

  private:
    std::uint64_t characters_ = 0;
    std::uint64_t margins_ = 0;
};

/// The numbers that the pairs of digits at 0, 3 and 6 make, each in the place of its first digit.
std::uint64_t pairs_of(std::uint64_t digits) {
    return (digits * 10 + (digits >> 8U)) & 0x00FF0000FF0000FFU;
}
unsigned byte_at(std::uint64_t word, unsigned at) {
    return static_cast<unsigned>(word >> (8 * at) & 0xFFU);
}

/// Whether three pairs are a time of day: up to 23:59:59.
bool is_time_of_day(std::uint64_t pairs) {
    constexpr std::uint64_t kMargins =
        std::uint64_t{0x7F - 23} | std::uint64_t{0x7F - 59} << 24U | std::uint64_t{0x7F - 59} << 48U;
    return ((pairs + kMargins) & 0x8080808080808080U) == 0;
}

bool is_leap(unsigned year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// Whether `text` begins with one; it has ten characters at least.
inline bool begins_with_date(std::string_view text) {
    constexpr Shape kStart{"0000-00-"};
    constexpr Shape kEnd{"00-00-00"};
    constexpr std::array<std::uint8_t, 13> kDays{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const auto start = kStart.read(word_at(text, 0));
    const auto end = kEnd.read(word_at(text, 2));
    if (!start || !end) return false;
    const std::uint64_t pairs = pairs_of(*end);
    const unsigned month = byte_at(pairs, 3);
    const unsigned day = byte_at(pairs, 6);
    if (month > 12 || day == 0) return false;
    if (day <= kDays[month]) return true;
    return month == 2 && day == 29 && is_leap(byte_at(pairs_of(*start), 0) * 100 + byte_at(pairs, 0));
}

bool is_date(std::string_view text) {
    return text.size() == 10 && begins_with_date(text);
}

constexpr Shape kTime{"00:00:00"};

/// "+01:30", at the end of a text of eight characters or more.
bool ends_with_offset(std::string_view text) {
    constexpr std::uint64_t kNoSeconds = 0x30303A;  // ":00"
    const char sign = text[text.size() - 6];
    const auto time = kTime.read(word_at(text, text.size() - 8) >> 24U | kNoSeconds << 40U);
    return (sign == '+' || sign == '-') && time && is_time_of_day(pairs_of(*time));
}

/// The same texts as parse_date_time() reads, without the time.
bool is_date_time(std::string_view text) {
    constexpr std::size_t kShortest = 20;
    constexpr std::size_t kMostFractionDigits = 9;
    if (text.size() < kShortest || text[10] != 'T' || !begins_with_date(text)) return false;
    const auto time = kTime.read(word_at(text, 11));
    if (!time || !is_time_of_day(pairs_of(*time))) return false;
    std::size_t at = 19;
    if (text[at] == '.') {
        const std::size_t first = ++at;
        while (at < text.size() && is_digit(text[at])) ++at;
        if (at == first || at - first > kMostFractionDigits) return false;
    }
    if (at + 1 == text.size()) return text[at] == 'Z';
    return at + 6 == text.size() && ends_with_offset(text);
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
constexpr std::array<bool, 256> kAtomCharacters = [] {
    std::array<bool, 256> characters{};
    for (const char c : std::string_view{"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                         "!#$%&'*+-/=?^_`{|}~"}) {
        characters[static_cast<unsigned char>(c)] = true;
    }
    return characters;
}();

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
        if (c == '.' ? before == '.' : !kAtomCharacters[static_cast<unsigned char>(c)]) return false;
        before = c;
    }
    return before != '.';
}

bool is_domain(std::string_view text) {
    constexpr std::size_t kLongest = 255;  // section 4.5.3.1.2
    constexpr std::size_t kLongestLabel = 63;
    if (text.size() > kLongest) return false;
    std::size_t label_size = 0;
    char before = '.';
    for (const char c : text) {
        if (c == '.') {
            if (label_size == 0 || before == '-') return false;
            label_size = 0;
        } else {
            const bool fits = is_alpha(c) || is_digit(c) || (c == '-' && label_size > 0);
            if (!fits || ++label_size > kLongestLabel) return false;
        }
        before = c;
    }
    return label_size > 0 && before != '-';
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

/// Where the local part ends; npos where nothing ends it. A quoted one may hold an @, and so may an address
/// literal behind it.
std::size_t local_part_end(std::string_view text) {
    if (!text.starts_with('"')) return text.find('@');
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') return i + 1 < text.size() && text[i + 1] == '@' ? i + 1 : std::string_view::npos;
        if (text[i] == '\\') ++i;
    }
    return std::string_view::npos;
}

bool is_email(std::string_view text) {
    const std::size_t at = local_part_end(text);
    if (at == std::string_view::npos || !is_local_part(text.substr(0, at))) return false;
    const std::string_view domain = text.substr(at + 1);
    if (domain.size() > 2 && domain.front() == '[' && domain.back() == ']') {
        return is_address_literal(domain.substr(1, domain.size() - 2));
    }
    return is_domain(domain);
}

struct Description {
    std::string_view name;
    std::string_view example;
    bool (*matches)(std::string_view text);
};

/// By TextFormat.
constexpr std::array<Description, 10> kDescriptions{{
    {"", "", [](std::string_view) { return true; }},
    {"date", "2019-05-15", is_date},
    {"date-time", "2019-05-15T20:20:39Z", is_date_time},
    {"time", "20:20:39Z", is_time},
    {"uri", "https://example.com/a", is_uri},
    {"uri-reference", "https://example.com/a or a/b", is_uri_reference},
    {"email", "jane@example.com", is_email},
    {"ipv4", "192.0.2.1", is_ipv4},
    {"ipv6", "2001:db8::1", is_ipv6},
    {"regex", "^[a-z]+$", is_ecma_pattern},
}};

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
    return kDescriptions[static_cast<std::size_t>(format)].matches(text);
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
