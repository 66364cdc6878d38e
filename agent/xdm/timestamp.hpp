#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace aep::xdm {

/// Reads a date-time in one of the four forms that AEP accepts (xdm-rules, section 7): seconds are mandatory,
/// 1 to 9 fraction digits, capital T and Z, or an offset with a colon; the calendar day must exist. No leap
/// second. Nothing otherwise.
[[nodiscard]] std::optional<base::WallTime> parse_date_time(std::string_view text);

/// Reads times in a stream's `timestamp.format`: unix_s, unix_ms, or a pattern of strptime's conversions
/// (with %S and %T taking up to 9 digits of a fraction, %z an offset). Times of a pattern without an offset
/// are in the given zone. Immutable, hence free-threaded.
class TimestampPattern {
  public:
    /// Throws std::runtime_error with the reason when the zone is not known.
    TimestampPattern(std::string format, std::string zone);

    [[nodiscard]] std::optional<base::WallTime> parse(std::string_view text) const;

  private:
    [[nodiscard]] std::optional<base::WallTime> parse_pattern(std::string_view text) const;

    std::string format_;
    std::string zone_;
    bool has_offset_ = false;
};

}  // namespace aep::xdm
