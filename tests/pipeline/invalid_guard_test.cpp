#include "pipeline/invalid_guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace aep::pipeline {
namespace {

class Guard : public testing::Test {
  protected:
    InvalidGuard& make(std::optional<InvalidLimit> limit) {
        return guard_.emplace("events", limit, health_, metrics_);
    }
    /// So many invalid records in a row that were admitted, of at most `most`.
    static int admitted(InvalidGuard& guard, int most) {
        for (int i = 0; i < most; ++i) {
            if (!guard.admit_invalid("type at /a")) return i;
        }
        return most;
    }

    telemetry::Metrics metrics_;
    telemetry::Health health_;
    std::optional<InvalidGuard> guard_;
};

TEST_F(Guard, WithoutALimitHoldsNothing) {
    EXPECT_EQ(admitted(make(std::nullopt), 10'000), 10'000);
}

TEST_F(Guard, HoldsAtTheFirstRecordAboveItsShare) {
    InvalidGuard& guard = make(InvalidLimit{.share = 0.2, .of = 10});
    guard.count_valid(100);
    EXPECT_EQ(admitted(guard, 100), 2);
    EXPECT_TRUE(guard.held());
    EXPECT_FALSE(guard.admit_invalid("x")) << "and stays held";
    EXPECT_THAT(health_.report(), testing::HasSubstr("stream events: invalid_limit"));
    EXPECT_THAT(metrics_.text(),
                testing::HasSubstr("aep_agent_stream_held{reason=\"invalid_limit\",stream=\"events\"} 1"));
}

TEST_F(Guard, CountsAsManyAsTheShareSaysInDecimal) {
    EXPECT_EQ(admitted(make(InvalidLimit{.share = 0.29, .of = 100}), 100), 29);
}

TEST_F(Guard, LooksAtTheLastRecordsOnly) {
    InvalidGuard& guard = make(InvalidLimit{.share = 0.2, .of = 10});
    for (int round = 0; round < 100; ++round) {
        ASSERT_TRUE(guard.admit_invalid("x")) << round;
        ASSERT_TRUE(guard.admit_invalid("x")) << round;
        guard.count_valid(8);  // the next invalid one is the eleventh from the first
    }
    guard.count_valid(1);
    EXPECT_TRUE(guard.admit_invalid("x"));
    EXPECT_TRUE(guard.admit_invalid("x"));
    guard.count_valid(7);
    EXPECT_FALSE(guard.admit_invalid("x")) << "three of the last ten";
}

TEST_F(Guard, AllowsNoneWithAShareOfZero) {
    EXPECT_EQ(admitted(make(InvalidLimit{.share = 0, .of = 1000}), 10), 0);
}

TEST_F(Guard, AdmitsExactlyItsShareFromManyThreads) {
    InvalidGuard& guard = make(InvalidLimit{.share = 0.5, .of = 1000});
    std::vector<int> counts(4);
    std::vector<std::thread> threads;
    for (int& count : counts) threads.emplace_back([&guard, &count] { count = admitted(guard, 1000); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(counts[0] + counts[1] + counts[2] + counts[3], 500);
}

TEST(StreamHold, LetsSourcesReadUntilItIsHeld) {
    record::StreamHold hold;
    std::stop_source stop;
    EXPECT_TRUE(hold.may_read(stop.get_token()));
    EXPECT_TRUE(hold.hold());
    EXPECT_FALSE(hold.hold());
    std::jthread stopper{[&] { stop.request_stop(); }};
    EXPECT_FALSE(hold.may_read(stop.get_token()));
}

}  // namespace
}  // namespace aep::pipeline
