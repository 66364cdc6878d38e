#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "delivery/options.hpp"
#include "delivery/pace.hpp"

namespace aep::delivery {

/// When a request may leave, and what it waits for.
struct Slot {
    base::SteadyTime at;
    std::string_view by;  ///< for the metric; empty where it need not wait
};

/// Keeps the destinations of one platform within its limits together: requests and messages per second.
/// First come, first served: each destination asks for one slot at a time, so each gets its turn. Guarded.
class Governor {
  public:
    explicit Governor(const LimitOptions& limits);

    /// Other limits from now on.
    void set_limits(const LimitOptions& limits);

    /// The slot of a request with so many messages, the earliest that is free; it is taken.
    [[nodiscard]] Slot reserve(std::size_t messages, base::SteadyTime now);

  private:
    std::mutex mutex_;
    std::optional<Pace> requests_;
    std::optional<Pace> messages_;
};

}  // namespace aep::delivery
