#include "delivery/concurrency.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

namespace aep::delivery {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kFirst = 4;
constexpr double kTooSlow = 2.0;
/// Differences below this are noise: of timers, of other work on either machine.
constexpr auto kNoise = 50ms;
constexpr auto kWindow = 30s;
constexpr double kSmoothing = 0.125;  // the weight of the newest, as for TCP's round trip times (RFC 6298)

}  // namespace

Concurrency::Concurrency(std::size_t most) : most_{most}, limit_{std::min(most, kFirst)}, threshold_{most} {}

double Concurrency::slowness(std::size_t bytes, Time latency, base::SteadyTime now) {
    Quickest& quickest = quickest_.at(std::min<std::size_t>(std::bit_width(bytes), quickest_.size() - 1));
    if (now - quickest.since > kWindow) {
        quickest = {.earlier = quickest.now, .now = latency, .since = now};
    }
    quickest.now = std::min(quickest.now, latency);
    const Time best = std::min(quickest.earlier, quickest.now);
    if (latency - best < kNoise) return 1;
    return static_cast<double>(latency.count()) / static_cast<double>(std::max<Time>(best, 1us).count());
}

void Concurrency::answered(std::size_t bytes, bool all_used, base::SteadyTime left_at, base::SteadyTime now) {
    slowness_ += kSmoothing * (slowness(bytes, now - left_at, now) - slowness_);
    ++answers_;
    if (slowness_ > kTooSlow) {
        // What left before it shrank was slowed down by those that have gone.
        if (left_at <= shrunk_at_ || answers_ < limit_) return;
        limit_ = std::max<std::size_t>(1, limit_ - 1);
        threshold_ = limit_;
        shrunk_at_ = now;
        answers_ = 0;
        return;
    }
    if (all_used) grow();
}

void Concurrency::grow() {
    if (limit_ >= most_) return;
    if (limit_ >= threshold_ && answers_ < limit_) return;
    ++limit_;
    answers_ = 0;
}

void Concurrency::failed(base::SteadyTime left_at, base::SteadyTime now) {
    if (shrunk_at_ != base::SteadyTime{} && left_at <= shrunk_at_) return;
    // A row of failures is one outage: what it was before counts.
    if (limit_ > 1) threshold_ = std::max<std::size_t>(1, limit_ / 2);
    limit_ = std::max<std::size_t>(1, limit_ / 2);
    shrunk_at_ = now;
    answers_ = 0;
}

}  // namespace aep::delivery
