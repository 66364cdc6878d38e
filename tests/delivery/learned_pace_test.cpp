#include "delivery/learned_pace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace aep::delivery {
namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

/// An inlet that takes `rate` messages per second, and `burst` at once; else 429 with `pause` as Retry-After.
struct LimitedInlet {
    double rate;
    double burst;
    std::chrono::milliseconds pause = 1s;
    double tokens = burst;
    base::SteadyTime filled_at = {};

    bool takes(double messages, base::SteadyTime now) {
        tokens = std::min(burst, tokens + rate * Seconds{now - filled_at}.count());
        filled_at = now;
        if (tokens < messages) return false;
        tokens -= messages;
        return true;
    }
};

struct Result {
    double per_second;
    int refusals;
};

/// Always something to send, 20 ms from leaving to the answer, four under way, batches of 100.
Result play(LimitedInlet& inlet, LearnedPace& pace, base::SteadyTime& now, std::chrono::seconds duration) {
    constexpr std::size_t kBatch = 100;
    const base::SteadyTime begin = now;
    double taken = 0;
    int refusals = 0;
    while (now < begin + duration) {
        now = pace.reserve(kBatch, now).at + 5ms;
        if (inlet.takes(kBatch, now)) {
            taken += kBatch;
            pace.accepted(kBatch, now);
            continue;
        }
        ++refusals;
        pace.refused(now, now, inlet.pause);
        now += inlet.pause;
    }
    return {taken / Seconds{now - begin}.count(), refusals};
}

class LearnedPaceOf : public ::testing::TestWithParam<double> {
  protected:
    LearnedPace pace_;
    base::SteadyTime now_ = base::SteadyTime{} + 1h;
};

TEST(LearnedPace, IsNoneWithoutA429) {
    LearnedPace pace;
    base::SteadyTime now = base::SteadyTime{} + 1h;
    for (int i = 0; i < 1'000; ++i) EXPECT_EQ(pace.reserve(5'000, now).at, now);
}

/// A second's worth at once, as a window of a second gives; and a twentieth, as a small bucket does.
TEST_P(LearnedPaceOf, ALimitedInletUsesAlmostAllOfIt) {
    LimitedInlet inlet{.rate = 2'000, .burst = 2'000 * GetParam()};
    play(inlet, pace_, now_, 30s);
    const Result settled = play(inlet, pace_, now_, 300s);
    EXPECT_GE(settled.per_second, 0.95 * inlet.rate);
    EXPECT_LE(settled.refusals, 30);
}

TEST_P(LearnedPaceOf, AnInletFindsOutThatItsLimitWasRaised) {
    LimitedInlet inlet{.rate = 1'000, .burst = 1'000 * GetParam()};
    play(inlet, pace_, now_, 60s);
    inlet.rate = 8'000;
    inlet.burst = 8'000;
    play(inlet, pace_, now_, 300s);
    EXPECT_GE(play(inlet, pace_, now_, 60s).per_second, 7'000);
}

TEST_P(LearnedPaceOf, AnInletFollowsALimitThatWasLowered) {
    LimitedInlet inlet{.rate = 8'000, .burst = 8'000 * GetParam()};
    play(inlet, pace_, now_, 60s);
    inlet.rate = 1'000;
    inlet.burst = 1'000 * GetParam();
    play(inlet, pace_, now_, 60s);
    const Result settled = play(inlet, pace_, now_, 300s);
    EXPECT_GE(settled.per_second, 950);
    EXPECT_LE(settled.refusals, 30);
}

INSTANTIATE_TEST_SUITE_P(WithBurstOfSeconds, LearnedPaceOf, testing::Values(1.0, 0.2));

TEST(LearnedPace, TakesOneOfSeveral429sThatWereUnderWayTogether) {
    LearnedPace pace;
    const base::SteadyTime now = base::SteadyTime{} + 1h;
    (void)pace.reserve(100, now);
    pace.accepted(100, now + 100ms);
    EXPECT_TRUE(pace.refused(now + 50ms, now + 200ms, 0ms));
    EXPECT_FALSE(pace.refused(now + 60ms, now + 210ms, 0ms));
    EXPECT_TRUE(pace.refused(now + 220ms, now + 230ms, 0ms));
}

TEST(LearnedPace, LeavesAGuessBehindSoonWhenOthersHaveGone) {
    LearnedPace pace;
    base::SteadyTime now = base::SteadyTime{} + 1h;
    for (int i = 0; i < 20; ++i) {  // many share the inlet: a 429 after every second batch
        now = pace.reserve(100, now).at + 10ms;
        pace.accepted(100, now);
        now = pace.reserve(100, now).at + 10ms;
        pace.refused(now, now, 1s);
        now += 1s;
    }
    const base::SteadyTime alone = now;
    for (int i = 0; i < 100; ++i) {
        now = pace.reserve(100, now).at;
        pace.accepted(100, now);
    }
    EXPECT_LE(now - alone, 40s) << "it keeps to what was left for it";
}

TEST(LearnedPace, DoesNotLearnFromAnInletThatTookNothing) {
    LearnedPace pace;
    const base::SteadyTime now = base::SteadyTime{} + 1h;
    (void)pace.reserve(100, now);
    EXPECT_TRUE(pace.refused(now, now + 10ms, 0ms));
    EXPECT_EQ(pace.reserve(100, now + 20ms).at, now + 20ms);
}

TEST(LearnedPace, MeasuresAFlowWithoutTheQuietTimeBeforeIt) {
    LearnedPace pace;
    base::SteadyTime now = base::SteadyTime{} + 1h;
    (void)pace.reserve(1, now);
    pace.accepted(1, now);
    now += 1h;  // nothing to send
    for (int i = 0; i < 100; ++i) {
        (void)pace.reserve(100, now);
        now += 100ms;
        pace.accepted(100, now);
    }
    pace.refused(now, now, 0ms);
    (void)pace.reserve(950, now);
    EXPECT_NEAR(Seconds{pace.reserve(1, now).at - now}.count(), 1.0, 0.05) << "1,000 a second, less 5 %";
}

}  // namespace
}  // namespace aep::delivery
