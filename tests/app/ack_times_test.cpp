#include "app/ack_times.hpp"

#include <gtest/gtest.h>

namespace aep::app {
namespace {

TEST(AckTimes, CountsAnAppendOnceItsEndIsPassed) {
    AckTimes times;
    times.appended(100);
    times.acknowledged(99);
    EXPECT_FALSE(times.quantile(0.5).has_value());
    times.acknowledged(100);
    EXPECT_TRUE(times.quantile(0.5).has_value());
}

TEST(AckTimes, TellsTheSlowFromTheUsual) {
    AckTimes times;
    times.appended(1);
    const auto until = base::SteadyClock::now() + std::chrono::milliseconds{5};
    while (base::SteadyClock::now() < until) {
    }
    for (std::uint64_t end = 2; end <= 10; ++end) times.appended(end);
    times.acknowledged(10);
    EXPECT_LT(*times.quantile(0.5), *times.quantile(1.0));
    EXPECT_GE(*times.quantile(1.0), std::chrono::milliseconds{5});
}

}  // namespace
}  // namespace aep::app
