#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "base/duration.hpp"
#include "config/config.hpp"

namespace aep::app {

/// Whether the stages really do something: what feeds the service manager's watchdog. A daemon that has
/// records, no reason to wait, and settles none is stuck, and better started again. Confined.
class ProgressWatch {
  public:
    /// `patience`: how long healthy stages may take for one record.
    explicit ProgressWatch(base::Millis patience) : patience_{patience} {}

    /// linger, connect and request timeouts of the slowest destination, and a minute.
    [[nodiscard]] static base::Millis patience_for(const config::Config& config);
    void set_patience(base::Millis patience) { patience_ = patience; }

    /// `steps`: records settled and messages sent so far. `may_rest`: there are no records, or some stage has
    /// said why it waits (the inlet is down, the disk is full). Called often.
    [[nodiscard]] bool is_alive(std::uint64_t steps, bool may_rest, base::SteadyTime now);

  private:
    base::Millis patience_;
    std::uint64_t steps_ = 0;
    base::SteadyTime moved_at_ = base::SteadyClock::now();
};

}  // namespace aep::app
