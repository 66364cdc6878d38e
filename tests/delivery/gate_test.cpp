#include "delivery/gate.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace aep::delivery {
namespace {

using std::chrono::seconds;
using namespace std::chrono_literals;

/// Waits are the whole bound: 1 s, 2 s, 4 s, ... up to 8 s.
Gate make_gate() {
    return Gate{http::Backoff{{.initial = 1s, .max = 8s}, [] { return 0.999999; }}};
}

base::SteadyTime at(std::chrono::milliseconds time) {
    return base::SteadyTime{} + 1h + time;
}

TEST(Gate, IsOpenAtFirst) {
    Gate gate = make_gate();
    EXPECT_TRUE(gate.enter(at(0ms)));
    EXPECT_TRUE(gate.enter(at(0ms)));
}

TEST(Gate, LetsOneProbeThroughWhenTheWaitIsOver) {
    Gate gate = make_gate();
    gate.failed(at(0ms), 0ms);
    EXPECT_FALSE(gate.enter(at(900ms)));
    EXPECT_TRUE(gate.enter(at(1000ms)));
    EXPECT_FALSE(gate.enter(at(1000ms))) << "the probe is under way";
    gate.succeeded(at(1000ms));
    EXPECT_TRUE(gate.enter(at(1001ms)));
    EXPECT_TRUE(gate.enter(at(1001ms)));
}

TEST(Gate, WaitsLongerAfterEachFailedProbe) {
    Gate gate = make_gate();
    auto now = 0ms;
    for (const auto expected : {1s, 2s, 4s, 8s, 8s}) {
        const auto wait = gate.failed(at(now), 0ms);
        EXPECT_NEAR(static_cast<double>(wait.count()),
                    static_cast<double>(std::chrono::milliseconds{expected}.count()), 2);
        now += wait;
        EXPECT_TRUE(gate.enter(at(now)));
    }
}

TEST(Gate, CountsRequestsThatWereUnderWayOnce) {
    Gate gate = make_gate();
    gate.failed(at(0ms), 0ms);
    for (int i = 0; i < 20; ++i) gate.failed(at(1ms), 0ms);
    EXPECT_TRUE(gate.enter(at(1000ms))) << "twenty connections that fail together are one failure";
}

TEST(Gate, ObeysWhatTheInletAskedFor) {
    Gate gate = make_gate();
    gate.failed(at(0ms), 30s);
    EXPECT_FALSE(gate.enter(at(29'999ms)));
    EXPECT_TRUE(gate.enter(at(30s)));
}

TEST(Gate, IsNotOpenedByARequestThatWasUnderWayWhenItClosed) {
    Gate gate = make_gate();
    gate.failed(at(0ms), 5000ms);
    gate.succeeded(at(10ms));
    EXPECT_FALSE(gate.enter(at(4999ms)));
    EXPECT_TRUE(gate.enter(at(5000ms)));
}

TEST(Gate, TakesALongerWishAlsoFromALaterAnswer) {
    Gate gate = make_gate();
    gate.failed(at(0ms), 0ms);
    gate.failed(at(100ms), 5s);
    EXPECT_FALSE(gate.enter(at(5000ms)));
    EXPECT_TRUE(gate.enter(at(5100ms)));
}

TEST(Gate, GivesTheProbeToAnotherWhenItIsNotUsed) {
    Gate gate = make_gate();
    gate.failed(at(0ms), 0ms);
    EXPECT_TRUE(gate.enter(at(2s)));
    gate.leave();
    EXPECT_TRUE(gate.enter(at(2s)));
}

}  // namespace
}  // namespace aep::delivery
