#include "app/ack_times.hpp"

#include <algorithm>

namespace aep::app {

void AckTimes::appended(std::uint64_t end) {
    const std::lock_guard lock{mutex_};
    waiting_.push_back({.end = end, .at = base::SteadyClock::now()});
}

void AckTimes::acknowledged(std::uint64_t position) {
    const auto now = base::SteadyClock::now();
    const std::lock_guard lock{mutex_};
    while (!waiting_.empty() && waiting_.front().end <= position) {
        taken_.push_back(std::chrono::duration_cast<std::chrono::microseconds>(now - waiting_.front().at));
        waiting_.pop_front();
    }
}

std::optional<std::chrono::microseconds> AckTimes::quantile(double share) const {
    const std::lock_guard lock{mutex_};
    if (taken_.empty()) return std::nullopt;
    std::vector<std::chrono::microseconds> sorted = taken_;
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
    std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(rank));
    return sorted[rank];
}

}  // namespace aep::app
