#include "xdm/timestamp.hpp"

// g++ 12 cannot follow date::from_stream through its many flags and suspects its local variables.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#include <date/date.h>
#include <date/tz.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "xdm/options.hpp"

namespace aep::xdm {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

constexpr std::string_view kUtc = "UTC";

/// Takes characters off the front of a text; `ok` turns false at the first that does not fit.
struct Cursor {
    std::string_view rest;
    bool ok = true;

    int digits(std::size_t count) {
        if (rest.size() < count) ok = false;
        if (!ok) return 0;
        int value = 0;
        for (const char c : rest.substr(0, count)) {
            if (c < '0' || c > '9') ok = false;
            value = value * 10 + (c - '0');
        }
        rest.remove_prefix(count);
        return value;
    }
    void expect(char c) {
        ok = ok && !rest.empty() && rest.front() == c;
        if (ok) rest.remove_prefix(1);
    }
    /// ".d{1,9}" or nothing.
    nanoseconds fraction() {
        if (!ok || rest.empty() || rest.front() != '.') return nanoseconds{0};
        rest.remove_prefix(1);
        std::int64_t value = 0;
        std::size_t count = 0;
        while (count < rest.size() && rest[count] >= '0' && rest[count] <= '9' && count < 10) {
            value = value * 10 + (rest[count++] - '0');
        }
        if (count < 1 || count > 9) ok = false;
        rest.remove_prefix(count);
        for (std::size_t i = count; i < 9; ++i) value *= 10;
        return nanoseconds{value};
    }
    /// "Z" or "+hh:mm" or "-hh:mm", and the end.
    std::chrono::minutes offset() {
        if (ok && rest == "Z") return std::chrono::minutes{0};
        if (!ok || rest.size() != 6 || (rest.front() != '+' && rest.front() != '-')) {
            ok = false;
            return std::chrono::minutes{0};
        }
        const int sign = rest.front() == '-' ? -1 : 1;
        rest.remove_prefix(1);
        const int hours = digits(2);
        expect(':');
        const int minutes = digits(2);
        ok = ok && hours < 24 && minutes < 60;
        return std::chrono::minutes{sign * (hours * 60 + minutes)};
    }
};

/// The wall clock counts in nanoseconds and ends in 2262: later times are as good as its end, as nobody's
/// past. Microseconds reach beyond every four-digit year.
base::WallTime wall_time(date::sys_time<microseconds> time) {
    constexpr auto kEnd = std::chrono::time_point_cast<microseconds>(base::WallTime::max());
    constexpr auto kStart = std::chrono::time_point_cast<microseconds>(base::WallTime::min());
    if (time >= kEnd) return base::WallTime::max();
    if (time <= kStart) return base::WallTime::min();
    return base::WallTime{time};
}

template <class Duration>
std::optional<base::WallTime> parse_epoch(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    // Years 1970 to 9999: what RFC 3339 can spell.
    constexpr std::chrono::seconds kEnd{253'402'300'800};
    if (value < 0 || Duration{value} >= kEnd) return std::nullopt;
    return wall_time(date::sys_time<microseconds>{Duration{value}});
}

}  // namespace

std::optional<base::WallTime> parse_date_time(std::string_view text) {
    Cursor cursor{text};
    const int year = cursor.digits(4);
    cursor.expect('-');
    const int month = cursor.digits(2);
    cursor.expect('-');
    const int day = cursor.digits(2);
    cursor.expect('T');
    const int hour = cursor.digits(2);
    cursor.expect(':');
    const int minute = cursor.digits(2);
    cursor.expect(':');
    const int second = cursor.digits(2);
    const nanoseconds fraction = cursor.fraction();
    const std::chrono::minutes offset = cursor.offset();
    const date::year_month_day ymd{date::year{year}, date::month{static_cast<unsigned>(month)},
                                   date::day{static_cast<unsigned>(day)}};
    if (!cursor.ok || !ymd.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    return wall_time(date::sys_days{ymd} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
                     std::chrono::seconds{second} - offset +
                     std::chrono::duration_cast<microseconds>(fraction));
}

TimestampPattern::TimestampPattern(std::string format, std::string zone)
    : format_{std::move(format)},
      zone_{std::move(zone)},
      has_offset_{format_.find("%z") != std::string::npos} {
    if (!TimestampOptions::is_known_zone(zone_)) {
        throw std::runtime_error{"unknown time zone '" + zone_ + "': use a name such as Europe/Paris"};
    }
}

bool TimestampOptions::is_known_zone(const std::string& zone) {
    // Needs no time zone database, which small containers do not have.
    if (zone == kUtc) return true;
    try {
        return date::locate_zone(zone) != nullptr;
    } catch (const std::runtime_error&) {
        return false;
    }
}

std::optional<base::WallTime> TimestampPattern::parse(std::string_view text) const {
    if (format_ == "unix_s") return parse_epoch<std::chrono::seconds>(text);
    if (format_ == "unix_ms") return parse_epoch<std::chrono::milliseconds>(text);
    if (format_ == "rfc3339") return parse_date_time(text);
    return parse_pattern(text);
}

std::optional<base::WallTime> TimestampPattern::parse_pattern(std::string_view text) const {
    std::istringstream in{std::string{text}};
    // Day and time of day apart: nanoseconds since 1970 would end in 2262.
    date::fields<nanoseconds> read;
    std::chrono::minutes offset{0};
    std::string abbreviation;
    date::from_stream(in, format_.c_str(), read, &abbreviation, &offset);
    if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
    if (!read.ymd.ok()) return std::nullopt;
    const date::local_time<microseconds> local =
        date::local_days{read.ymd} + std::chrono::duration_cast<microseconds>(read.tod.to_duration());
    if (has_offset_ || zone_ == kUtc) {
        return wall_time(date::sys_time<microseconds>{local.time_since_epoch() - offset});
    }
    // An hour that does not exist is read as the moment of the change, one that exists twice as the first.
    return wall_time(date::locate_zone(zone_)->to_sys(local, date::choose::earliest));
}

bool TimestampOptions::is_readable(const std::string& pattern) {
    using namespace std::chrono_literals;
    const date::sys_time<nanoseconds> time =
        date::sys_days{date::year{2026} / date::November / 18} + 11h + 7min + 31s;
    std::ostringstream out;
    date::to_stream(out, pattern.c_str(), time);
    // Conversions that do not exist come out as they are.
    const auto count = [](std::string_view text) { return std::count(text.begin(), text.end(), '%'); };
    std::size_t literal = 0;
    for (std::size_t at = pattern.find('%'); at != std::string::npos; at = pattern.find('%', at + 2)) {
        if (pattern.compare(at, 2, "%%") == 0) ++literal;
    }
    return count(out.str()) == static_cast<std::ptrdiff_t>(literal) &&
           TimestampPattern{pattern, std::string{kUtc}}.parse(out.str()).has_value();
}

}  // namespace aep::xdm
