#pragma once

#include <functional>

#include "base/duration.hpp"
#include "http/options.hpp"

namespace aep::http {

/// A number in [0, 1).
using Random = std::function<double()>;

/// Seeded from the system, so that many agents do not wait in step.
[[nodiscard]] Random make_random();

/// How long to wait after a failure: exponential with full jitter, that is, evenly spread between 0 and a
/// bound that doubles from `initial` up to `max`. Confined.
class Backoff {
  public:
    Backoff(const BackoffOptions& options, Random random) : options_{options}, random_{std::move(random)} {}

    /// After `failures` (1 or more) failures in a row; at least 1 ms, so that nothing spins.
    [[nodiscard]] base::Millis wait(unsigned failures) const;
    [[nodiscard]] base::Millis bound(unsigned failures) const;

  private:
    BackoffOptions options_;
    Random random_;
};

}  // namespace aep::http
