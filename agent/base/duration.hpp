#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// Durations as configuration and messages spell them: "500ms", "30s", "5m", "1h".
namespace aep::base {

using Millis = std::chrono::milliseconds;

/// Nothing on a missing or wrong unit, a sign, a fraction or overflow. "0" needs no unit.
[[nodiscard]] std::optional<Millis> parse_duration(std::string_view text);

/// The shortest exact spelling that parse_duration reads back: 90000 ms -> "90s".
[[nodiscard]] std::string format_duration(Millis duration);

}  // namespace aep::base
