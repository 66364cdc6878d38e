#pragma once

#include <mutex>
#include <string>

#include "delivery/options.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::delivery {

/// Tells operators how a destination is: log (once, then rarely), metric, readiness, and the newest trouble
/// for one-shot commands. Set on the destination's thread, read from any.
class ConditionReport {
  public:
    ConditionReport(const DestinationOptions& options, telemetry::Metrics& metrics,
                    telemetry::Health& health);

    /// Only an operator can cure it; `reason` is a short word, `words` say more.
    void held(const std::string& reason, const std::string& words);
    /// It will pass, or a person will see to it.
    void failing(const std::string& code, const std::string& words);
    void fine();

    [[nodiscard]] bool is_held() const;
    [[nodiscard]] std::string trouble() const;

  private:
    void set_held_metric(const std::string& reason, double value);

    const std::string destination_;
    telemetry::Metrics& metrics_;
    telemetry::Health& health_;
    mutable std::mutex mutex_;
    std::string held_reason_;  ///< empty while not held
    std::string trouble_;      ///< empty while fine
};

}  // namespace aep::delivery
