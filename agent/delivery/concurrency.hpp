#pragma once

#include <array>
#include <cstddef>

#include "base/clock.hpp"

namespace aep::delivery {

/// How many connections of a destination are in use: as many as the inlet answers without getting slower.
///
/// It begins with at most 4. While all that are allowed are used and the latency is flat, each answer adds
/// one, until there was a reason to shrink; from then on each round of answers adds one (additive increase).
/// 429, 503, 500 and failed connections halve it, once for all requests that were under way together; where
/// the inlet recovers from them, it doubles back to half of what it was before (slow start, as TCP has it).
/// When requests take more than twice as long as the quickest of their size in the last minute, one goes.
///
/// Time is handed in. Confined.
class Concurrency {
  public:
    explicit Concurrency(std::size_t most);

    [[nodiscard]] std::size_t limit() const { return limit_; }

    /// The inlet took a request of `bytes` that left at `left_at`; `all_used`: all that were allowed were in
    /// use then.
    void answered(std::size_t bytes, bool all_used, base::SteadyTime left_at, base::SteadyTime now);
    /// It could not.
    void failed(base::SteadyTime left_at, base::SteadyTime now);

  private:
    using Time = base::SteadyTime::duration;

    /// The quickest requests of about one size: those of the last 30 to 60 s.
    struct Quickest {
        Time earlier = Time::max();
        Time now = Time::max();
        base::SteadyTime since = {};
    };

    [[nodiscard]] double slowness(std::size_t bytes, Time latency, base::SteadyTime now);
    void grow();

    const std::size_t most_;
    std::size_t limit_;
    std::size_t threshold_;    ///< below it, growth is quick
    std::size_t answers_ = 0;  ///< since the last change
    double slowness_ = 1;      ///< smoothed: 1 is as quick as ever
    base::SteadyTime shrunk_at_ = {};
    std::array<Quickest, 24> quickest_{};  ///< by the power of two of their size
};

}  // namespace aep::delivery
