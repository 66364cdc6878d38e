#pragma once

#include <chrono>
#include <string>

/// The two clocks. Waits, deadlines and latencies use the steady clock, because the wall clock jumps; the
/// wall clock is for what people and AEP read.
namespace aep::base {

using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;
using WallClock = std::chrono::system_clock;
using WallTime = WallClock::time_point;

/// RFC 3339 in UTC with milliseconds: "2026-01-31T12:00:00.123Z".
[[nodiscard]] std::string format_rfc3339(WallTime time);

}  // namespace aep::base
