#include "delivery/size_bound.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace aep::delivery {
namespace {

using namespace std::chrono_literals;

TEST(SizeBound, IsHalvedByA413OnceForAllThatWereUnderWay) {
    SizeBound bound{800'000};
    const base::SteadyTime now = base::SteadyTime{} + 1h;
    for (int i = 0; i < 4; ++i) bound.refused(800'000, now);
    EXPECT_EQ(bound.bytes(), 400'000U);
    bound.refused(300'000, now);
    EXPECT_EQ(bound.bytes(), 150'000U);
    bound.refused(10, now);
    EXPECT_EQ(bound.bytes(), 1'024U) << "never so small that nothing fits";
}

TEST(SizeBound, GrowsBackSlowlyWhileRequestsAreAccepted) {
    SizeBound bound{800'000};
    base::SteadyTime now = base::SteadyTime{} + 1h;
    bound.refused(800'000, now);
    bound.accepted(now + 9s);
    EXPECT_EQ(bound.bytes(), 400'000U);
    for (int i = 0; i < 100; ++i) bound.accepted(now + 10s);
    EXPECT_EQ(bound.bytes(), 425'000U) << "one step in 10 s";
    for (int i = 0; i < 20; ++i) bound.accepted(now += 10s);
    EXPECT_EQ(bound.bytes(), 800'000U);
}

}  // namespace
}  // namespace aep::delivery
