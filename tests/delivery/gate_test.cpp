#include "delivery/gate.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace aep::delivery {
namespace {

using namespace std::chrono_literals;
using Pass = Gate::Pass;
using std::chrono::milliseconds;

base::SteadyTime at(milliseconds time) {
    return base::SteadyTime{} + 1h + time;
}

/// Waits are the whole bound.
class GateTest : public ::testing::Test {
  protected:
    void fail(milliseconds time, Pass pass = Pass::Free) { gate_.failed(pass, at(time), backoff_); }
    Pass enter(milliseconds time) { return gate_.enter(at(time)); }

    Gate gate_{[] { return 1.0; }};
    http::BackoffOptions backoff_{.initial = 1s, .max = 8s};
};

TEST_F(GateTest, IsOpenAtFirst) {
    EXPECT_EQ(enter(0ms), Pass::Free);
    EXPECT_EQ(enter(0ms), Pass::Free);
    EXPECT_TRUE(gate_.is_open());
}

TEST_F(GateTest, LetsOneProbeThroughWhenTheWaitIsOver) {
    fail(0ms);
    EXPECT_EQ(enter(999ms), Pass::None);
    EXPECT_EQ(enter(1000ms), Pass::Probe);
    EXPECT_EQ(enter(1000ms), Pass::None) << "the probe is under way";
    EXPECT_EQ(gate_.resume_at(), base::SteadyTime::max());
    gate_.succeeded(Pass::Probe, at(1010ms));
    EXPECT_EQ(enter(1200ms), Pass::Free);
    EXPECT_EQ(enter(1200ms), Pass::Free);
}

TEST_F(GateTest, WaitsAnEighthOfTheOutageAtMost) {
    fail(0ms);
    auto now = 0ms;
    for (int i = 0; i < 200; ++i) {
        const auto before = now;
        now = std::chrono::duration_cast<milliseconds>(gate_.resume_at() - at(0ms)) + 1ms;
        EXPECT_LE(now - before, std::max<milliseconds>(1s, std::min<milliseconds>(8s, before / 8)) + 1ms);
        ASSERT_EQ(enter(now), Pass::Probe);
        fail(now, Pass::Probe);
    }
    EXPECT_GE(now, 10min) << "the waits do not grow";
}

TEST_F(GateTest, LetsAnInletThatHasJustComeUpBreatheForATenthOfTheOutage) {
    fail(0ms);
    ASSERT_EQ(enter(5000ms), Pass::Probe);
    gate_.succeeded(Pass::Probe, at(5000ms));
    EXPECT_EQ(enter(5499ms), Pass::None);
    EXPECT_EQ(enter(5500ms), Pass::Free);
}

TEST_F(GateTest, DoesSoForASecondAtMost) {
    fail(0ms);
    ASSERT_EQ(enter(60s), Pass::Probe);
    gate_.succeeded(Pass::Probe, at(60s));
    EXPECT_EQ(enter(60'999ms), Pass::None);
    EXPECT_EQ(enter(61s), Pass::Free);
}

TEST_F(GateTest, CountsRequestsThatWereUnderWayOnce) {
    fail(0ms);
    for (int i = 0; i < 20; ++i) fail(900ms);
    EXPECT_EQ(enter(1000ms), Pass::Probe) << "twenty connections that fail together are one failure";
}

TEST_F(GateTest, ObeysWhatTheInletAskedFor) {
    fail(0ms);
    gate_.pause(at(0ms), 30s);
    EXPECT_EQ(enter(29'999ms), Pass::None);
    EXPECT_EQ(enter(30s), Pass::Probe);
}

TEST_F(GateTest, TakesALongerWishAlsoFromALaterAnswer) {
    gate_.pause(at(0ms), 1s);
    gate_.pause(at(100ms), 5s);
    gate_.pause(at(200ms), 1s);
    EXPECT_EQ(enter(5099ms), Pass::None);
    EXPECT_EQ(enter(5100ms), Pass::Free) << "a wish alone is no outage";
}

TEST_F(GateTest, IsNotOpenedByARequestThatWasUnderWayWhenItClosed) {
    fail(0ms);
    gate_.succeeded(Pass::Free, at(10ms));
    EXPECT_FALSE(gate_.is_open());
    EXPECT_EQ(enter(999ms), Pass::None);
    EXPECT_EQ(enter(1000ms), Pass::Probe);
}

TEST_F(GateTest, GivesTheProbeToAnotherWhenItIsNotUsed) {
    fail(0ms);
    EXPECT_EQ(enter(2s), Pass::Probe);
    gate_.leave(Pass::Probe);
    EXPECT_EQ(enter(2s), Pass::Probe);
}

TEST_F(GateTest, StopsWhatHasPassedButNotLeft) {
    const Pass pass = enter(0ms);
    EXPECT_TRUE(gate_.still_open(pass, at(0ms)));
    fail(1ms);
    EXPECT_FALSE(gate_.still_open(pass, at(1ms)));
    EXPECT_FALSE(gate_.still_open(pass, at(5s))) << "only a probe now";
    const Pass probe = enter(5s);
    EXPECT_TRUE(gate_.still_open(probe, at(5s)));
}

TEST_F(GateTest, SpreadsItsWaits) {
    Gate gate{[] { return 0.25; }};
    gate.failed(Pass::Free, at(0ms), backoff_);
    EXPECT_EQ(gate.enter(at(249ms)), Pass::None);
    EXPECT_EQ(gate.enter(at(250ms)), Pass::Probe);
}

TEST_F(GateTest, ProbesAtOnceAfterAChangeThatMayHaveCuredIt) {
    fail(0ms);
    ASSERT_EQ(enter(500ms), Pass::None);
    gate_.hurry();
    EXPECT_EQ(enter(500ms), Pass::Probe);
}

TEST_F(GateTest, KeepsToTheInletsWishInSpiteOfAChange) {
    fail(0ms);
    gate_.pause(at(0ms), 5s);
    gate_.hurry();
    EXPECT_EQ(enter(4999ms), Pass::None);
    EXPECT_EQ(enter(5000ms), Pass::Probe);
}

}  // namespace
}  // namespace aep::delivery
