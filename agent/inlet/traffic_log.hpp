#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

#include "base/clock.hpp"

namespace aep::inlet {

/// How many requests and messages came in each tenth of a second, so that a test can look at a client's pace.
/// Keeps the last ten minutes. Confined to the inlet's thread.
class TrafficLog {
  public:
    void count_request() { ++now().requests; }
    void count_messages(std::uint64_t messages) { now().messages += messages; }
    void count_throttled() { ++now().throttled; }

    /// {"interval_ms":100,"requests":[..],"messages":[..],"throttled":[..]}, from the first request on.
    [[nodiscard]] std::string json() const;

  private:
    struct Interval {
        std::uint64_t requests = 0;
        std::uint64_t messages = 0;
        std::uint64_t throttled = 0;
    };
    static constexpr std::chrono::milliseconds kInterval{100};
    static constexpr std::size_t kMost = 6'000;

    Interval& now();

    std::deque<Interval> intervals_;
    base::SteadyTime last_ = {};  ///< when the last of them began
};

}  // namespace aep::inlet
