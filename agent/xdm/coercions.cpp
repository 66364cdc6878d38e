#include "xdm/coercions.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>

#include "base/clock.hpp"
#include "xdm/timestamp.hpp"

namespace aep::xdm {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::size_t digits(std::string_view text, std::size_t from) {
    std::size_t end = from;
    while (end < text.size() && is_digit(text[end])) ++end;
    return end - from;
}

std::optional<std::string> from_epoch(std::string_view text) {
    constexpr std::size_t kSeconds = 10;
    constexpr std::size_t kMilliseconds = 13;
    if (text.size() != kSeconds && text.size() != kMilliseconds) return std::nullopt;
    std::int64_t count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count);
    const std::chrono::milliseconds since =
        text.size() == kSeconds ? std::chrono::milliseconds{count * 1000} : std::chrono::milliseconds{count};
    return base::format_rfc3339(base::WallTime{std::chrono::duration_cast<base::WallTime::duration>(since)});
}

}  // namespace

bool is_json_number(std::string_view text) {
    std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
    const std::size_t whole = digits(text, at);
    if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
    at += whole;
    if (at < text.size() && text[at] == '.') {
        const std::size_t fraction = digits(text, at + 1);
        if (fraction == 0) return false;
        at += 1 + fraction;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        const std::size_t exponent = digits(text, at);
        if (exponent == 0) return false;
        at += exponent;
    }
    return at == text.size();
}

std::optional<std::string_view> trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n\v\f";
    std::string_view inner = text;
    inner.remove_prefix(std::min(inner.find_first_not_of(kBlank), inner.size()));
    inner = inner.substr(0, inner.find_last_not_of(kBlank) + 1);
    if (inner.size() == text.size()) return std::nullopt;
    return inner;
}

std::optional<std::string> to_date_time(std::string_view text) {
    if (digits(text, 0) == text.size()) return from_epoch(text);
    // YYYY-MM-DDTHH:MM[:SS[.fraction]](Z|+HH[[:]MM]); the calendar is checked at the end.
    constexpr std::size_t kT = 10;
    constexpr std::size_t kSeconds = 16;
    constexpr std::size_t kLongest = 40;
    if (text.size() <= kSeconds || text.size() > kLongest) return std::nullopt;
    std::string time{text};
    if (time[kT] == 't' || time[kT] == ' ') time[kT] = 'T';
    if (time.back() == 'z') time.back() = 'Z';
    const std::size_t zone = time.find_first_of("Z+-", kSeconds);
    if (zone == std::string::npos) return std::nullopt;
    const std::size_t offset = time.size() - zone - 1;
    if (time[zone] != 'Z' && offset == 2) time += ":00";
    if (time[zone] != 'Z' && offset == 4) time.insert(zone + 3, ":");
    if (zone == kSeconds) time.insert(kSeconds, ":00");
    if (time == text || !parse_date_time(time)) return std::nullopt;
    return time;
}

}  // namespace aep::xdm
