#include "delivery/governor.hpp"

namespace aep::delivery {
namespace {

void set_rate(std::optional<Pace>& pace, const std::optional<std::size_t>& limit, double share) {
    if (!limit) return pace.reset();
    const double rate = static_cast<double>(*limit) * share;
    if (pace) {
        pace->set_rate(rate);
    } else {
        pace.emplace(rate);
    }
}

/// Moves the slot to where the pace has room.
void wait_for(const std::optional<Pace>& pace, std::string_view name, Slot& slot) {
    if (!pace) return;
    const base::SteadyTime next = pace->next(slot.at);
    if (next > slot.at) slot = {.at = next, .by = name};
}

}  // namespace

Governor::Governor(const LimitOptions& limits) {
    set_limits(limits);
}

void Governor::set_limits(const LimitOptions& limits) {
    const std::lock_guard lock{mutex_};
    set_rate(requests_, limits.requests_per_second, limits.share);
    set_rate(messages_, limits.messages_per_second, limits.share);
}

Slot Governor::reserve(std::size_t messages, base::SteadyTime now) {
    const std::lock_guard lock{mutex_};
    Slot slot{.at = now, .by = {}};
    wait_for(requests_, "requests_per_second", slot);
    wait_for(messages_, "messages_per_second", slot);
    if (requests_) requests_->take(1, slot.at);
    if (messages_) messages_->take(static_cast<double>(messages), slot.at);
    return slot;
}

}  // namespace aep::delivery
