#pragma once

#include <chrono>
#include <thread>

namespace aep::e2e {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// How long a test waits for what should come at once. Generous: a slow machine is no failure.
inline constexpr seconds kSoon{30};

/// True as soon as `condition()` holds, false when it does not within `deadline`.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition, Clock::duration deadline = kSoon,
                              milliseconds poll = milliseconds{10}) {
    const auto end = Clock::now() + deadline;
    while (!condition()) {
        if (Clock::now() >= end) return false;
        std::this_thread::sleep_for(poll);
    }
    return true;
}

/// True when `condition()` holds now and at every look during `duration`.
template <class Condition>
[[nodiscard]] bool throughout(Condition condition, Clock::duration duration,
                              milliseconds poll = milliseconds{20}) {
    const auto end = Clock::now() + duration;
    while (Clock::now() < end) {
        if (!condition()) return false;
        std::this_thread::sleep_for(poll);
    }
    return condition();
}

}  // namespace aep::e2e
