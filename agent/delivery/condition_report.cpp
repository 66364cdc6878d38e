#include "delivery/condition_report.hpp"

#include "telemetry/log.hpp"

namespace aep::delivery {

namespace log = telemetry::log;

ConditionReport::ConditionReport(const DestinationOptions& options, telemetry::Metrics& metrics,
                                 telemetry::Health& health)
    : destination_{options.id}, metrics_{metrics}, health_{health} {}

void ConditionReport::held(const std::string& reason, const std::string& words) {
    {
        const std::lock_guard lock{mutex_};
        if (held_reason_ != reason) {
            if (!held_reason_.empty()) set_held_metric(held_reason_, 0);
            held_reason_ = reason;
            set_held_metric(reason, 1);
        }
        trouble_ = reason + ": " + words;
    }
    health_.set_trouble("destination " + destination_, reason);
    log::error("destination_held", "nothing is delivered until an operator sees to it; the data is kept",
               {{"destination", destination_}, {"reason", reason}, {"answer", words}});
}

void ConditionReport::failing(const std::string& code, const std::string& words) {
    {
        const std::lock_guard lock{mutex_};
        trouble_ = words;
    }
    health_.set_trouble("destination " + destination_, code);
    log::warn(code, "trying again", {{"destination", destination_}, {"error", words}});
}

void ConditionReport::fine() {
    {
        const std::lock_guard lock{mutex_};
        if (trouble_.empty()) return;
        trouble_.clear();
        if (!held_reason_.empty()) set_held_metric(held_reason_, 0);
        held_reason_.clear();
    }
    health_.clear_trouble("destination " + destination_);
    log::info("destination_recovered", "delivering again", {{"destination", destination_}});
}

bool ConditionReport::is_held() const {
    const std::lock_guard lock{mutex_};
    return !held_reason_.empty();
}

std::string ConditionReport::trouble() const {
    const std::lock_guard lock{mutex_};
    return trouble_;
}

void ConditionReport::set_held_metric(const std::string& reason, double value) {
    metrics_
        .gauge("aep_agent_destination_held",
               "1 while a refusal keeps the data that only an operator can cure.",
               {{"destination", destination_}, {"reason", reason}})
        .Set(value);
}

}  // namespace aep::delivery
