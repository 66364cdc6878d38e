#include "delivery/learned_pace.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace aep::delivery {
namespace {

using Seconds = std::chrono::duration<double>;
using namespace std::chrono_literals;

/// From 5 % below a measured top back to it takes 40 s, and twice the top is reached after about 150 s.
constexpr double kSteep = 0.05 / (40.0 * 40.0 * 40.0);
/// From 30 % below a guessed top 10 s, to twice the top 25 s: where many share an inlet guesses are far too
/// low.
constexpr double kSteepGuess = 0.3 / (10.0 * 10.0 * 10.0);
constexpr double kCautious = 0.95;
constexpr double kNear = 0.9;
constexpr double kGuess = 0.7;
constexpr auto kLongEnough = 5s;       ///< of measuring
constexpr double kLowest = 1.0;        ///< messages per second
constexpr double kLongestCost = 10.0;  ///< seconds that one request takes at most
constexpr auto kIdle = 3s;             ///< without traffic: what comes then is another flow
constexpr auto kCatchUp = 10ms;        ///< a timer that woke late

}  // namespace

double LearnedPace::rate(base::SteadyTime now) const {
    const double passed = Seconds{now - refused_at_}.count();
    const double steep = near_ ? kSteep : kSteepGuess;
    const double back = std::cbrt((1 - factor_) / steep);  // seconds until the top is reached again
    return std::max(kLowest, top_ * (1 + steep * std::pow(passed - back, 3)));
}

Slot LearnedPace::reserve(std::size_t messages, base::SteadyTime now) {
    const std::lock_guard lock{mutex_};
    forget_idle_time(now);
    if (top_ == 0) return {.at = now, .by = {}};
    const double per_second = rate(now);
    if (per_second > 2 * top_) {
        top_ = 0;
        measure_from(now);
        return {.at = now, .by = {}};
    }
    const base::SteadyTime at = std::max(next_ - kCatchUp, now);
    const Seconds cost{std::min(kLongestCost, static_cast<double>(messages) / per_second)};
    next_ = std::max(next_, at) + std::chrono::duration_cast<base::SteadyTime::duration>(cost);
    return {.at = at, .by = at > now ? std::string_view{"status_429"} : std::string_view{}};
}

void LearnedPace::forget_idle_time(base::SteadyTime now) {
    if (now - last_seen_ > kIdle && now > since_ + kIdle) {
        measure_from(now);
    }
    last_seen_ = std::max(last_seen_, now);
}

void LearnedPace::accepted(std::size_t messages, base::SteadyTime now) {
    const std::lock_guard lock{mutex_};
    last_seen_ = std::max(last_seen_, now);
    accepted_ += static_cast<double>(messages);
}

bool LearnedPace::refused(base::SteadyTime left_at, base::SteadyTime now, base::Millis pause) {
    const std::lock_guard lock{mutex_};
    if (refused_at_ != base::SteadyTime{} && left_at <= refused_at_) return false;
    const auto measured = std::max<base::SteadyTime::duration>(now - since_, 1ms);
    const double per_second = std::max(kLowest, accepted_ / Seconds{measured}.count());
    const bool sure = measured >= kLongEnough;
    // A guess is never above what was too much already. Where nothing was accepted, nothing was measured.
    if (top_ == 0) {
        top_ = accepted_ > 0 ? per_second : 0;
    } else if (sure) {
        // What was accepted is a little less than the inlet takes, the pace that it refused a little more.
        top_ = (per_second + std::max(per_second, rate(now))) / 2;
    } else {
        top_ = accepted_ > 0 ? std::min(per_second, rate(now)) : rate(now);
    }
    factor_ = sure ? kCautious : (near_ ? kNear : kGuess);
    near_ = sure;
    refused_at_ = now;
    measure_from(now + pause);
    return true;
}

void LearnedPace::measure_from(base::SteadyTime time) {
    since_ = time;
    accepted_ = 0;
}

}  // namespace aep::delivery
