#include "app/progress_watch.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace aep::app {
namespace {

using namespace std::chrono_literals;

class ProgressWatchTest : public testing::Test {
  protected:
    [[nodiscard]] bool alive(std::uint64_t delivered, std::uint64_t in_flight, base::Millis at,
                             bool has_trouble = false) {
        return watch_.is_alive(delivered, in_flight == 0 || has_trouble, begin_ + at);
    }
    ProgressWatch watch_{1min};
    base::SteadyTime begin_ = base::SteadyClock::now();
};

TEST_F(ProgressWatchTest, IsContentWithNothingToDo) {
    EXPECT_TRUE(alive(0, 0, 0ms));
    EXPECT_TRUE(alive(0, 0, 24h));
}

TEST_F(ProgressWatchTest, IsContentWhileRecordsAreSettled) {
    for (int minute = 0; minute < 10; ++minute) {
        EXPECT_TRUE(alive(static_cast<std::uint64_t>(minute), 5, minute * 59s)) << minute;
    }
}

TEST_F(ProgressWatchTest, NoticesRecordsThatNobodySettlesForNoReason) {
    EXPECT_TRUE(alive(7, 5, 0s));
    EXPECT_TRUE(alive(7, 5, 59s));
    EXPECT_FALSE(alive(7, 5, 61s));
    EXPECT_TRUE(alive(8, 4, 62s));
}

TEST_F(ProgressWatchTest, IsPatientWhereTheReasonIsKnown) {
    EXPECT_TRUE(alive(7, 5, 0s));
    EXPECT_TRUE(alive(7, 5, 24h, true));
    EXPECT_TRUE(alive(7, 5, 24h + 59s));
    EXPECT_FALSE(alive(7, 5, 24h + 61s));
}

TEST(ProgressWatch, WaitsLongerThanTheSlowestDestinationMayTake) {
    config::Config config;
    config.destinations.resize(2);
    config.destinations[1].batch.linger = 1h;
    config.destinations[1].delivery.timeout.connect = 5s;
    config.destinations[1].delivery.timeout.request = 30s;
    EXPECT_EQ(ProgressWatch::patience_for(config), 1h + 5s + 30s + 1min);
}

}  // namespace
}  // namespace aep::app
