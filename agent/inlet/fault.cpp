#include "inlet/fault.hpp"

#include <date/date.h>
#include <fmt/format.h>

namespace aep::inlet {
namespace {

Response status_answer(const FaultRule& rule) {
    Response response = problem(*rule.status, "Fault", "the local inlet was told to answer so");
    if (rule.empty_body || *rule.status == 204 || *rule.status == 304) response.body.clear();
    if (*rule.status / 100 == 3) response.headers = "Location: https://localhost/elsewhere\r\n";
    if (!rule.retry_after) return response;
    if (rule.retry_after_date) {
        const auto when = date::floor<std::chrono::seconds>(base::WallClock::now()) + *rule.retry_after;
        response.headers += date::format("Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", when);
    } else {
        response.headers += fmt::format("Retry-After: {}\r\n", rule.retry_after->count());
    }
    return response;
}

}  // namespace

void FaultControl::set(const std::vector<FaultRule>& rules) {
    const std::lock_guard lock{mutex_};
    rules_.clear();
    for (const FaultRule& rule : rules) rules_.push_back({.rule = rule});
    set_at_ = base::SteadyClock::now();
}

std::vector<FaultRule> FaultControl::rules() const {
    const std::lock_guard lock{mutex_};
    std::vector<FaultRule> rules;
    for (const Counted& counted : rules_) rules.push_back(counted.rule);
    return rules;
}

bool FaultControl::hits(Counted& counted, base::SteadyTime::duration since_set) {
    const FaultRule& rule = counted.rule;
    if (since_set < rule.after || (rule.lasts && since_set >= rule.after + *rule.lasts)) return false;
    ++counted.requests;
    if (rule.first != 0 && counted.requests > rule.first) return false;
    if (rule.every > 1 && counted.requests % rule.every != 0) return false;
    counted.owed += rule.share;
    if (counted.owed < 1) return false;
    counted.owed -= 1;
    return true;
}

FaultControl::Plan FaultControl::next_request() {
    const std::lock_guard lock{mutex_};
    const auto since_set = base::SteadyClock::now() - set_at_;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        if (!hits(rules_[i], since_set)) continue;
        const FaultRule& rule = rules_[i].rule;
        Plan plan;
        plan.delay = rule.delay;
        plan.stall = rule.stall;
        plan.drop = rule.drop;
        plan.form = rule.answer;
        plan.rule = i;
        if (rule.status) plan.instead = status_answer(rule);
        return plan;
    }
    return {};
}

std::optional<int> FaultControl::refuses_next_message(const Plan& plan) {
    const std::lock_guard lock{mutex_};
    if (!plan.rule || *plan.rule >= rules_.size()) return std::nullopt;
    Counted& counted = rules_[*plan.rule];
    if (counted.rule.refuse_every == 0 || ++counted.messages % counted.rule.refuse_every != 0)
        return std::nullopt;
    return counted.rule.refuse_status;
}

}  // namespace aep::inlet
