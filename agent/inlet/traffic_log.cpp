#include "inlet/traffic_log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace aep::inlet {

TrafficLog::Interval& TrafficLog::now() {
    const base::SteadyTime now = base::SteadyClock::now();
    if (intervals_.empty() || now - last_ > kInterval * kMost) {
        intervals_.assign(1, {});
        last_ = now;
    }
    for (; now - last_ >= kInterval; last_ += kInterval) intervals_.emplace_back();
    while (intervals_.size() > kMost) intervals_.pop_front();
    return intervals_.back();
}

std::string TrafficLog::json() const {
    const auto list = [this](std::uint64_t Interval::*member) {
        std::vector<std::uint64_t> values;
        for (const Interval& interval : intervals_) values.push_back(interval.*member);
        return fmt::format("[{}]", fmt::join(values, ","));
    };
    return fmt::format(R"({{"interval_ms":{},"requests":{},"messages":{},"throttled":{}}})",
                       kInterval.count(), list(&Interval::requests), list(&Interval::messages),
                       list(&Interval::throttled));
}

}  // namespace aep::inlet
