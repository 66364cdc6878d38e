#include "delivery/concurrency.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace aep::delivery {
namespace {

using namespace std::chrono_literals;

class ConcurrencyTest : public ::testing::Test {
  protected:
    /// A round of answers to as many requests as may be under way; each took `latency`.
    void round(std::chrono::milliseconds latency, std::size_t bytes = 100'000) {
        const base::SteadyTime left = now_;
        now_ += latency;
        const std::size_t in_use = concurrency_.limit();
        for (std::size_t i = 0; i < in_use; ++i) concurrency_.answered(bytes, true, left, now_);
        now_ += 1ms;
    }

    Concurrency concurrency_{20};
    base::SteadyTime now_ = base::SteadyTime{} + 1h;
};

TEST_F(ConcurrencyTest, BeginsSmallAndGrowsWhileTheLatencyIsFlat) {
    EXPECT_EQ(concurrency_.limit(), 4U);
    for (int i = 0; i < 3; ++i) round(20ms);
    EXPECT_EQ(concurrency_.limit(), 20U) << "doubles with each round, up to what is configured";
}

TEST_F(ConcurrencyTest, NeverUsesMoreThanConfigured) {
    EXPECT_EQ(Concurrency{1}.limit(), 1U);
    EXPECT_EQ(Concurrency{3}.limit(), 3U);
}

TEST_F(ConcurrencyTest, DoesNotGrowWhereFewerAreUsed) {
    for (int i = 0; i < 100; ++i) concurrency_.answered(1'000, false, now_, now_ + 5ms);
    EXPECT_EQ(concurrency_.limit(), 4U);
}

TEST_F(ConcurrencyTest, HalvesOnceForAllThatFailTogether) {
    for (int i = 0; i < 3; ++i) round(20ms);
    const base::SteadyTime left = now_;
    now_ += 10ms;
    for (int i = 0; i < 20; ++i) concurrency_.failed(left, now_ += 1ms);
    EXPECT_EQ(concurrency_.limit(), 10U);
}

TEST_F(ConcurrencyTest, ComesBackByDoublingToHalfAndThenOneByOne) {
    for (int i = 0; i < 3; ++i) round(20ms);
    for (int i = 0; i < 10; ++i) {
        const base::SteadyTime left = now_;
        concurrency_.failed(left, now_ += 10ms);
        now_ += 1ms;
    }
    EXPECT_EQ(concurrency_.limit(), 1U) << "an outage leaves one, as a probe";
    for (int i = 0; i < 30 && concurrency_.limit() < 20; ++i) round(20ms);
    EXPECT_EQ(concurrency_.limit(), 20U);
}

TEST_F(ConcurrencyTest, ShrinksWhileTheInletGetsSlower) {
    for (int i = 0; i < 10; ++i) round(20ms);
    for (int i = 0; i < 30; ++i) round(200ms);
    EXPECT_LE(concurrency_.limit(), 4U);
    EXPECT_GE(concurrency_.limit(), 1U);
    for (int i = 0; i < 40; ++i) round(20ms);
    EXPECT_EQ(concurrency_.limit(), 20U) << "and grows again when it is quick again";
}

TEST_F(ConcurrencyTest, DoesNotTakeLargerRequestsForASlowerInlet) {
    for (int i = 0; i < 10; ++i) round(10ms, 1'000);
    for (int i = 0; i < 30; ++i) round(300ms, 900'000);
    EXPECT_EQ(concurrency_.limit(), 20U);
}

TEST_F(ConcurrencyTest, TakesTheNewLatencyForNormalAfterAMinute) {
    for (int i = 0; i < 10; ++i) round(20ms);
    for (int i = 0; i < 1'000; ++i) round(200ms);
    EXPECT_EQ(concurrency_.limit(), 20U);
}

}  // namespace
}  // namespace aep::delivery
