#include "app/supervision.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "telemetry/log.hpp"

namespace aep::app {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kLook = 1s;
constexpr std::chrono::seconds kStatus = 10s;

}  // namespace

Supervision::Supervision(const Agent& agent, const config::Config& config)
    : agent_{agent},
      manager_{ServiceManager::from_environment()},
      progress_{ProgressWatch::patience_for(config)} {
    if (!manager_.is_there()) return;
    manager_.ready();
    thread_ = std::jthread{[this](const std::stop_token& stop) { watch(stop); }};
}

void Supervision::stopping() {
    const std::lock_guard lock{mutex_};
    manager_.stopping();
}

void Supervision::reloading() {
    const std::lock_guard lock{mutex_};
    manager_.reloading();
}

void Supervision::reloaded(const config::Config& config) {
    const std::lock_guard lock{mutex_};
    progress_.set_patience(ProgressWatch::patience_for(config));
    manager_.ready();
}

void Supervision::watch(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (!stop.stop_requested()) {
        look(base::SteadyClock::now());
        ended_.wait_for(lock, stop, kLook, [] { return false; });
    }
}

void Supervision::look(base::SteadyTime now) {
    if (now >= next_status_) {
        const auto totals = agent_.totals();
        const std::string trouble = agent_.health().report();
        manager_.status(fmt::format("read {}, delivered {}, dead-lettered {}, in flight {}{}{}", totals.read,
                                    totals.delivered, totals.dead_lettered, totals.in_flight,
                                    trouble.empty() ? "" : "; ", trouble.substr(0, trouble.find('\n'))));
        next_status_ = now + kStatus;
    }
    const bool moves = makes_progress(now);
    if (!moves && !is_stuck_) {
        telemetry::log::error(
            "stuck",
            "records wait and nothing happens, for no reason that is known; the watchdog of "
            "the service manager is fed no more. Please report this",
            {{"in_flight", agent_.totals().in_flight}});
    }
    is_stuck_ = !moves;
    if (!moves || !manager_.alive_every() || now < next_alive_) return;
    manager_.alive();
    next_alive_ = now + *manager_.alive_every() / 2;
}

bool Supervision::makes_progress(base::SteadyTime now) {
    const auto totals = agent_.totals();
    std::uint64_t steps = totals.settled();
    bool waits = totals.in_flight <= agent_.left_behind() || !agent_.health().ready();
    for (const auto& state : agent_.destination_states()) {
        steps += state.sent;
        waits = waits || !state.trouble.empty();
    }
    return progress_.is_alive(steps, waits, now);
}

}  // namespace aep::app
