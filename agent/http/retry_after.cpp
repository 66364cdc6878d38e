#include "http/retry_after.hpp"

#include <algorithm>
#include <ctime>
#include <string>

namespace aep::http {
namespace {

std::optional<base::Millis> parse_seconds(std::string_view value) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (value.empty() || !std::ranges::all_of(value, is_digit)) return std::nullopt;
    constexpr std::int64_t kMost = std::chrono::seconds{std::chrono::minutes{15}}.count();
    std::int64_t seconds = 0;
    for (const char digit : value) seconds = std::min(kMost, seconds * 10 + (digit - '0'));
    return std::chrono::seconds{seconds};
}

std::optional<base::WallTime> parse_date(const std::string& value) {
    for (const char* form :
         {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}) {
        std::tm time{};
        const char* end = ::strptime(value.c_str(), form, &time);
        if (end != nullptr && *end == '\0') return base::WallClock::from_time_t(::timegm(&time));
    }
    return std::nullopt;
}

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

std::optional<base::Millis> parse_retry_after(std::string_view value, base::WallTime now) {
    const std::string_view text = trim(value);
    if (const auto seconds = parse_seconds(text)) return seconds;
    const auto date = parse_date(std::string{text});
    if (!date) return std::nullopt;
    // Compared before subtracting in milliseconds: a date far away must not overflow.
    if (*date <= now) return base::Millis{0};
    if (*date >= now + kLongestRetryAfter) return kLongestRetryAfter;
    return std::chrono::ceil<base::Millis>(*date - now);
}

}  // namespace aep::http
