#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/duration.hpp"

namespace aep::http {

/// Longer pauses than this are not believed.
inline constexpr base::Millis kLongestRetryAfter = std::chrono::minutes{15};

/// The value of a Retry-After header: seconds, or a date in one of HTTP's three forms (RFC 9110 10.2.3 and
/// 5.6.7). At most kLongestRetryAfter; a date gone by is 0. Nothing where it is neither.
[[nodiscard]] std::optional<base::Millis> parse_retry_after(std::string_view value, base::WallTime now);

}  // namespace aep::http
