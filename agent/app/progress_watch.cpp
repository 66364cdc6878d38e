#include "app/progress_watch.hpp"

#include <algorithm>
#include <chrono>

namespace aep::app {

base::Millis ProgressWatch::patience_for(const config::Config& config) {
    base::Millis slowest{0};
    for (const config::Destination& destination : config.destinations) {
        const auto& timeout = destination.delivery.timeout;
        slowest = std::max(slowest, destination.batch.linger + timeout.connect + timeout.request);
    }
    return slowest + std::chrono::minutes{1};
}

bool ProgressWatch::is_alive(std::uint64_t steps, bool may_rest, base::SteadyTime now) {
    if (steps != steps_ || may_rest) {
        steps_ = steps;
        moved_at_ = now;
    }
    return now - moved_at_ < patience_;
}

}  // namespace aep::app
