#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/agent.hpp"
#include "app/progress_line.hpp"
#include "app/signals.hpp"
#include "base/clock.hpp"
#include "base/duration.hpp"

namespace aep::app {

/// Runs an agent whose sources have an end (`send`, `replay`), with a progress line. Confined.
class OneShot {
  public:
    enum class End { AllSettled, Interrupted, NoProgress, Refused, Held };

    /// `look` is called several times a second and says how many bytes of how many are settled.
    OneShot(Signals& signals, Agent& agent, base::Millis timeout, std::function<SendProgress()> look);

    /// Until everything is settled, a signal comes, nothing has moved for `timeout`, the destination refuses
    /// everything in a way that only an operator can cure, or a stream is held by its `invalid_limit`.
    [[nodiscard]] End run();

    [[nodiscard]] base::SteadyClock::duration elapsed() const { return base::SteadyClock::now() - started_; }
    /// Why it ended; empty for AllSettled.
    [[nodiscard]] std::string why(End end) const;

  private:
    [[nodiscard]] std::optional<End> look_up(std::chrono::milliseconds wait);
    [[nodiscard]] bool has_stalled(std::uint64_t settled);

    Signals& signals_;
    Agent& agent_;
    const base::Millis timeout_;
    const std::function<SendProgress()> look_;
    ProgressLine progress_;
    const base::SteadyTime started_ = base::SteadyClock::now();
    std::uint64_t settled_ = 0;
    base::SteadyTime settled_at_ = base::SteadyClock::now();
};

}  // namespace aep::app
