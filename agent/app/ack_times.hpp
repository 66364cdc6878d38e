#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.hpp"

namespace aep::app {

/// Measures append to acknowledgement: how long after bytes were appended to a file the position passed them.
/// Guarded: the appending thread and the settling thread meet here.
class AckTimes {
  public:
    /// The file now ends at `end`.
    void appended(std::uint64_t end);
    /// Everything before `position` is settled.
    void acknowledged(std::uint64_t position);

    /// The time within which `share` of the appends were acknowledged; nothing before the first was.
    [[nodiscard]] std::optional<std::chrono::microseconds> quantile(double share) const;

  private:
    struct Append {
        std::uint64_t end;
        base::SteadyTime at;
    };
    mutable std::mutex mutex_;
    std::deque<Append> waiting_;
    std::vector<std::chrono::microseconds> taken_;
};

}  // namespace aep::app
