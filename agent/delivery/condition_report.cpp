#include "delivery/condition_report.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/duration.hpp"
#include "telemetry/log.hpp"

namespace aep::delivery {
namespace {

namespace log = telemetry::log;
using base::SteadyClock;

/// What an operator does about what is held.
std::string_view advice_for(std::string_view reason) {
    if (reason == "unauthorized") return "the inlet wants a token; check the inlet's authentication";
    if (reason == "forbidden")
        return "check the token's rights and whether this address may send to the inlet";
    if (reason == "not_found") return "the inlet is not known; check the destination's url";
    if (reason == "redirected") return "redirects are not followed; check the destination's url";
    if (reason == "proxy_unauthorized") return "the proxy wants other credentials";
    if (reason == "proxy") return "the proxy refuses to lead to the inlet; check the destination's proxy";
    if (reason == "tls") return "check the destination's tls.min_version, cert_file and key_file";
    if (reason == "auth") return "the token endpoint refuses the credential; check the platform's auth";
    if (reason == "certificate") return "check the destination's tls.ca_file, its url and both clocks";
    return "check the destination's url and what stands before the inlet; config/ANSWERS.md has more";
}

std::string_view sentence_for(std::string_view code) {
    if (code == "answer_unproven")
        return "the answer proves nothing: sending the messages again, in smaller requests";
    return "trying again";
}

}  // namespace

ConditionReport::ConditionReport(const DestinationOptions& options, telemetry::Metrics& metrics,
                                 telemetry::Health& health)
    : destination_{options.id},
      buffered_{options.buffer.type == BufferOptions::Type::Disk},
      metrics_{metrics},
      health_{health} {}

bool ConditionReport::enter(const std::string& condition, const std::string& held_reason,
                            std::string trouble) {
    const base::SteadyTime now = SteadyClock::now();
    const std::lock_guard lock{mutex_};
    trouble_ = std::move(trouble);
    if (!buffered_) health_.set_trouble(subject(), held_reason.empty() ? condition : held_reason);
    if (held_reason_ != held_reason) {
        if (!held_reason_.empty()) set_held_metric(held_reason_, 0);
        if (!held_reason.empty()) set_held_metric(held_reason, 1);
        held_reason_ = held_reason;
    }
    if (condition_ != condition) {
        condition_ = condition;
        since_ = now;
    } else if (now < remind_at_) {
        return false;
    }
    constexpr base::SteadyTime::duration kSoonest = std::chrono::minutes{1};
    constexpr base::SteadyTime::duration kRarest = std::chrono::hours{1};
    remind_at_ = now + std::clamp(now - since_, kSoonest, kRarest);
    return true;
}

void ConditionReport::held(const std::string& reason, const std::string& words) {
    if (retired_) return;
    const bool say = enter("held " + reason, reason, reason + ": " + words);
    if (!say) return;
    log::error("destination_held", "nothing is delivered until an operator sees to it; the data is kept",
               {{"destination", destination_},
                {"reason", reason},
                {"answer", words},
                {"advice", advice_for(reason)}});
}

void ConditionReport::failing(const std::string& code, const std::string& words) {
    if (retired_) return;
    const bool say = enter(code, "", words);
    if (say) log::warn(code, sentence_for(code), {{"destination", destination_}, {"error", words}});
}

/// True: there was one.
bool ConditionReport::leave() {
    const std::lock_guard lock{mutex_};
    if (condition_.empty()) return false;
    condition_.clear();
    trouble_.clear();
    if (!held_reason_.empty()) set_held_metric(held_reason_, 0);
    held_reason_.clear();
    health_.clear_trouble(subject());
    return true;
}

void ConditionReport::fine() {
    if (!leave()) return;
    const auto lasted = std::chrono::ceil<base::Millis>(SteadyClock::now() - since_);
    log::info("destination_recovered", "delivering again",
              {{"destination", destination_}, {"after", base::format_duration(lasted)}});
}

void ConditionReport::retire() {
    retired_ = true;
    (void)leave();
}

std::string ConditionReport::subject() const {
    return "destination " + destination_;
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
