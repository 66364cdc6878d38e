#include "record/counters.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "record/block.hpp"

namespace aep::record {
namespace {

TEST(RecordCounters, AddUp) {
    RecordCounters counters{"web"};
    EXPECT_EQ(counters.source(), "web");
    counters.count_read(10);
    counters.count_settled(3, 2, 1);
    const auto values = counters.snapshot();
    EXPECT_EQ(values.read, 10U);
    EXPECT_EQ(values.delivered, 3U);
    EXPECT_EQ(values.dead_lettered, 2U);
    EXPECT_EQ(values.dropped, 1U);
    EXPECT_EQ(values.settled(), 6U);
    EXPECT_EQ(values.in_flight, 4U);
    EXPECT_TRUE(values.balanced());
}

TEST(RecordCounters, ShowWhenTheyDoNotAddUp) {
    RecordCounters::Values values;
    values.read = 2;
    values.delivered = 1;
    EXPECT_FALSE(values.balanced());
    values.in_flight = 1;
    EXPECT_TRUE(values.balanced());
    values.replayed = 1;
    EXPECT_FALSE(values.balanced());
}

TEST(RecordCounters, AreSummedFieldByField) {
    RecordCounters::Values sum{1, 2, 3, 4, 5, 6, 7};
    sum += RecordCounters::Values{10, 20, 30, 40, 50, 60, 70};
    EXPECT_EQ(sum.read, 11U);
    EXPECT_EQ(sum.recovered, 22U);
    EXPECT_EQ(sum.replayed, 33U);
    EXPECT_EQ(sum.delivered, 44U);
    EXPECT_EQ(sum.dead_lettered, 55U);
    EXPECT_EQ(sum.dropped, 66U);
    EXPECT_EQ(sum.in_flight, 77U);
}

TEST(RecordCounters, AreBalancedInEverySnapshot) {
    RecordCounters counters{"web"};
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&counters] {
            for (int i = 0; i < 1000; ++i) {
                counters.count_read(6);
                counters.count_settled(1, 2, 3);
            }
        });
    }
    while (counters.snapshot().dropped < 12'000) ASSERT_TRUE(counters.snapshot().balanced());
    EXPECT_EQ(counters.snapshot().in_flight, 0U);
}

TEST(Block, HoldsRecordsAndPadding) {
    Block block{std::make_shared<Origin>(), 10, {}};
    std::memcpy(block.data(), "{\"a\":1}\n\n1", 10);
    block.records = {{100, 0, 7, 0}, {109, 9, 1, 0}};
    EXPECT_EQ(block.capacity(), 10U);
    EXPECT_EQ(block.bytes_of(block.records[0]), "{\"a\":1}");
    EXPECT_EQ(block.bytes_of(block.records[1]), "1");
    for (std::size_t i = 0; i < kBlockPadding; ++i) EXPECT_EQ(block.data()[10 + i], 0);
}

TEST(RecordCounters, CountRecordsOnceThatAreReadAgain) {
    RecordCounters counters{"web"};
    counters.count_read(10);
    counters.count_settled(4, 0, 0);
    counters.give_back(6);
    EXPECT_EQ(counters.snapshot().in_flight, 6U);
    counters.count_read(2);
    counters.count_read(9);  // four of them, and five new ones
    EXPECT_EQ(counters.snapshot().read, 15U);
    EXPECT_EQ(counters.snapshot().in_flight, 11U);
    EXPECT_TRUE(counters.snapshot().balanced());
}

TEST(RecordCounters, CountRecordsOnceThatAreRecoveredAgain) {
    RecordCounters counters{"web"};
    counters.count_read(3);
    counters.leave_in_buffer(3);
    EXPECT_EQ(counters.left_in_buffer(), 3U);
    counters.count_recovered(5);
    EXPECT_EQ(counters.left_in_buffer(), 0U);
    EXPECT_EQ(counters.snapshot().recovered, 2U);
    EXPECT_EQ(counters.snapshot().in_flight, 5U);
    EXPECT_TRUE(counters.snapshot().balanced());
}

}  // namespace
}  // namespace aep::record
