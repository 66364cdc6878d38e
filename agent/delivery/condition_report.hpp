#pragma once

#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "delivery/options.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::delivery {

/// Tells operators how a destination is. It has one condition at a time: fine, failing, or held. What is not
/// fine shows in the log (at once, then after 1, 2, 4, ... minutes, at last every hour), in readiness, and,
/// where it is held, in a metric; and as the newest trouble for one-shot commands. The conditions and what to
/// do about them are listed in config/ANSWERS.md. Set on the destination's thread, read from any.
class ConditionReport {
  public:
    ConditionReport(const DestinationOptions& options, telemetry::Metrics& metrics,
                    telemetry::Health& health);

    /// Only an operator can cure it; `reason` is a short word, `words` say more.
    void held(const std::string& reason, const std::string& words);
    /// It will pass, or a person will see to it. `code` is a short word.
    void failing(const std::string& code, const std::string& words);
    void fine();
    /// Its words count no more: the destination has another configuration, which begins without trouble.
    void retire();

    [[nodiscard]] bool is_held() const;
    [[nodiscard]] std::string trouble() const;

  private:
    /// True: it is time to say so in the log.
    [[nodiscard]] bool enter(const std::string& condition, const std::string& held_reason,
                             std::string trouble);
    [[nodiscard]] bool leave();
    [[nodiscard]] std::string subject() const;
    void set_held_metric(const std::string& reason, double value);

    const std::string destination_;
    const bool buffered_;  ///< ready all the same: what comes goes to the disk, whose own trouble counts
    telemetry::Metrics& metrics_;
    telemetry::Health& health_;
    mutable std::mutex mutex_;
    std::string condition_;    ///< empty while fine
    std::string held_reason_;  ///< empty while not held
    std::string trouble_;      ///< empty while fine
    // Of the destination's thread.
    base::SteadyTime since_ = {};
    base::SteadyTime remind_at_ = {};
    bool retired_ = false;
};

}  // namespace aep::delivery
