#pragma once

#include <cstddef>
#include <mutex>

#include "base/clock.hpp"
#include "base/duration.hpp"
#include "delivery/governor.hpp"

namespace aep::delivery {

/// Learns from an inlet's 429s how many messages per second it takes, and keeps to that; shared by all
/// destinations that lead there. Without a 429 there is no pace. Guarded; time is handed in.
///
/// After a 429 the pace is what was accepted since the one before, less 5 % (less 10 %, and from then on
/// less 30 %, where they come within 5 s: then it is a guess). From there it grows along a cubic (as TCP
/// CUBIC does, RFC 9438): quickly back to where the 429 came, slowly across it, ever quicker beyond. So an
/// inlet with a fixed limit answers 429 about once a minute, and a limit that was raised is found. Once the
/// pace has doubled it is forgotten, a guess within half a minute.
class LearnedPace {
  public:
    [[nodiscard]] Slot reserve(std::size_t messages, base::SteadyTime now);
    void accepted(std::size_t messages, base::SteadyTime now);
    /// A 429 to a request that left at `left_at`, after which nobody sends for `pause`. False: it left before
    /// an earlier 429, and tells nothing new.
    bool refused(base::SteadyTime left_at, base::SteadyTime now, base::Millis pause);

  private:
    void measure_from(base::SteadyTime time);
    void forget_idle_time(base::SteadyTime now);
    [[nodiscard]] double rate(base::SteadyTime now) const;

    std::mutex mutex_;
    // What was measured since the last 429, or since the flow began.
    base::SteadyTime since_ = {};
    base::SteadyTime last_seen_ = {};  ///< when a message was accepted or wanted to leave
    double accepted_ = 0;
    // What was learned; no pace while top_ is 0.
    base::SteadyTime refused_at_ = {};
    double top_ = 0;     ///< messages per second where the 429 came
    double factor_ = 1;  ///< of top_, right after the 429
    bool near_ = false;  ///< top_ was measured, not guessed
    base::SteadyTime next_ = {};
};

}  // namespace aep::delivery
