#include "app/one_shot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace aep::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRedraw{200};

}  // namespace

OneShot::OneShot(Signals& signals, Agent& agent, base::Millis timeout, std::function<SendProgress()> look)
    : signals_{signals}, agent_{agent}, timeout_{timeout}, look_{std::move(look)} {}

OneShot::End OneShot::run() {
    agent_.start();
    while (!agent_.sources_finished()) {
        if (const auto end = look_up(kRedraw)) return *end;
    }
    agent_.stop_reading();
    while (!agent_.drain(kRedraw)) {
        if (const auto end = look_up(milliseconds{0})) return *end;
    }
    progress_.clear();
    return agent_.held_streams().empty() ? End::AllSettled : End::Held;
}

std::optional<OneShot::End> OneShot::look_up(milliseconds wait) {
    const bool stop = signals_.wait(wait).has_value();
    const auto totals = agent_.totals();
    SendProgress now = look_();
    now.settled_records = totals.settled();
    now.elapsed = elapsed();
    progress_.draw(now);
    std::optional<End> end;
    if (stop) end = End::Interrupted;
    if (has_stalled(totals.settled())) end = End::NoProgress;
    if (!agent_.held_streams().empty()) end = End::Held;
    for (const auto& state : agent_.destination_states()) {
        if (state.held && state.accepted == 0) end = End::Refused;
        if (state.gave_up) end = End::NoProgress;
    }
    if (end) progress_.clear();
    return end;
}

/// True when no record has been settled for the whole timeout.
bool OneShot::has_stalled(std::uint64_t settled) {
    const auto now = base::SteadyClock::now();
    if (settled != settled_) {
        settled_ = settled;
        settled_at_ = now;
    }
    return now - settled_at_ >= timeout_;
}

std::string OneShot::why(End end) const {
    std::string trouble;
    for (const auto& state : agent_.destination_states()) {
        if (!state.trouble.empty()) trouble = ": " + state.trouble;
    }
    // Not the destination: dead letters, say, that cannot be written.
    if (std::string others = agent_.health().troubles(); trouble.empty() && !others.empty()) {
        others.pop_back();
        std::ranges::replace(others, '\n', ';');
        trouble = ": " + others;
    }
    switch (end) {
        case End::AllSettled:
            return "";
        case End::Interrupted:
            return "interrupted";
        case End::NoProgress:
            return fmt::format("gave up after {} without progress{}", base::format_duration(timeout_),
                               trouble);
        case End::Refused:
            return "gave up, the destination refuses everything" + trouble;
        case End::Held:
            return "gave up, more records are invalid than the stream's invalid_limit allows";
    }
    return "";
}

}  // namespace aep::app
