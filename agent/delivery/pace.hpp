#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.hpp"

namespace aep::delivery {

/// Spreads a flow evenly over time (the generic cell rate algorithm, ITU-T I.371): what leaves takes the time
/// that its amount costs, and the next may leave when that is over. In any second at most `per_second` and
/// what left last. Time is handed in. Confined.
class Pace {
  public:
    explicit Pace(double per_second) { set_rate(per_second); }

    /// From now on; what has left is not forgotten.
    void set_rate(double per_second) { per_second_ = per_second * kRestraint; }

    /// When something may leave that wants to leave at `now`.
    [[nodiscard]] base::SteadyTime next(base::SteadyTime now) const {
        return std::max(next_ - kCatchUp, now);
    }
    /// Something of this amount leaves at `at`, which next() gave.
    void take(double amount, base::SteadyTime at) {
        const std::chrono::duration<double> cost{amount / per_second_};
        next_ = std::max(next_, at) + std::chrono::duration_cast<base::SteadyTime::duration>(cost);
    }

  private:
    /// A timer that wakes late makes up for it, up to so much; the restraint keeps a second that it happens
    /// in within its bound: (1 s + 10 ms) * 0.99 < 1 s.
    static constexpr std::chrono::milliseconds kCatchUp{10};
    static constexpr double kRestraint = 0.99;

    double per_second_ = 0;
    base::SteadyTime next_ = base::SteadyTime::min() + std::chrono::hours{1};
};

}  // namespace aep::delivery
