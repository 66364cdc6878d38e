#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "record/counters.hpp"
#include "record/ledger.hpp"

namespace aep::record {
namespace {

/// A reader's Ledger and one that reopens what it kept, as a disk buffer has them.
class KeptRecords : public testing::Test {
  protected:
    RecordCounters counters_{"web"};
    std::uint64_t position_ = 0;
    std::uint64_t reopened_settled_ = 0;
    Ledger reader_{std::make_shared<Origin>(), counters_, 0,
                   [this](const Ack& ack) { position_ = ack.position; }};
    Ledger reopened_{std::make_shared<Origin>(), counters_, 0,
                     [this](const Ack& ack) { reopened_settled_ += ack.records; }};
    std::vector<Kept> kept_;
};

TEST_F(KeptRecords, LetThePositionPassButStayInFlight) {
    const auto block = reader_.open_block({0, 10, 20}, 30);
    reader_.keep(block, 0, 2, kept_);
    EXPECT_EQ(position_, 20U);
    EXPECT_EQ(reader_.in_flight(), 1U);
    EXPECT_EQ(counters_.snapshot().in_flight, 3U);
    EXPECT_EQ(counters_.snapshot().settled(), 0U);
    ASSERT_EQ(kept_.size(), 2U);
    EXPECT_EQ(kept_[1].start, 10U);
    EXPECT_TRUE(kept_[1].counts);
}

TEST_F(KeptRecords, AreCountedOnceWhereTheyAreSettled) {
    const auto block = reader_.open_block({0, 10}, 20);
    reader_.keep(block, 0, 2, kept_);
    const auto again = reopened_.reopen_block(kept_);
    EXPECT_EQ(reopened_.start_of(again, 1), 10U);
    reopened_.settle(again, 0, 1, Outcome::Delivered);
    reopened_.settle(again, 1, 1, Outcome::DeadLettered);
    EXPECT_EQ(reopened_settled_, 2U);
    const auto values = counters_.snapshot();
    EXPECT_TRUE(values.balanced());
    EXPECT_EQ(values.read, 2U);
    EXPECT_EQ(values.delivered, 1U);
    EXPECT_EQ(values.dead_lettered, 1U);
    EXPECT_EQ(values.in_flight, 0U);
}

TEST_F(KeptRecords, OfSeveralMessagesAreCountedWithTheLastByTheWorst) {
    const auto block = reader_.open_block({0}, 20);
    reader_.expect(block, 0, 3);
    reader_.keep(block, 0, 1, kept_);
    reader_.settle(block, 0, 1, Outcome::DeadLettered);
    EXPECT_EQ(position_, 0U);
    reader_.keep(block, 0, 1, kept_);
    EXPECT_EQ(position_, 20U);
    ASSERT_EQ(kept_.size(), 2U);
    EXPECT_FALSE(kept_[0].counts);
    EXPECT_TRUE(kept_[1].counts);

    const auto again = reopened_.reopen_block(kept_);
    reopened_.settle(again, 0, 2, Outcome::Delivered);
    EXPECT_EQ(reopened_settled_, 2U);
    EXPECT_EQ(counters_.snapshot().dead_lettered, 1U);
    EXPECT_EQ(counters_.snapshot().delivered, 0U);
    EXPECT_TRUE(counters_.snapshot().balanced());
}

TEST_F(KeptRecords, OfAnEarlierRunCountAsRecovered) {
    counters_.count_recovered(1);
    const std::vector<Kept> earlier{{.start = 5, .counts = true}};
    const auto block = reopened_.reopen_block(earlier);
    EXPECT_TRUE(counters_.snapshot().balanced());
    reopened_.settle(block, 0, 1, Outcome::Delivered);
    EXPECT_EQ(counters_.snapshot().recovered, 1U);
    EXPECT_EQ(counters_.snapshot().delivered, 1U);
    EXPECT_TRUE(counters_.snapshot().balanced());
}

}  // namespace
}  // namespace aep::record
