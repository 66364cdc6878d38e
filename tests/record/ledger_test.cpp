#include "record/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace aep::record {
namespace {

using testing::ElementsAre;

class LedgerTest : public testing::Test {
  protected:
    OriginPtr origin_ = std::make_shared<Origin>();
    RecordCounters counters_{"web"};
    std::vector<Ack> acks_;
    Ledger ledger_{origin_, counters_, 100, [this](const Ack& ack) { acks_.push_back(ack); }};
};

TEST_F(LedgerTest, BeginsAtItsStart) {
    EXPECT_EQ(ledger_.position(), 100U);
    EXPECT_EQ(ledger_.in_flight(), 0U);
    EXPECT_FALSE(ledger_.oldest_unsettled());
}

TEST_F(LedgerTest, MovesToTheEndOfTheSettledPrefix) {
    const auto block = ledger_.open_block({100, 110, 120}, 130);
    EXPECT_EQ(ledger_.in_flight(), 3U);
    ledger_.settle(block, 1, 1, Outcome::Delivered);
    EXPECT_EQ(ledger_.position(), 100U);
    ledger_.settle(block, 0, 1, Outcome::Delivered);
    EXPECT_EQ(ledger_.position(), 120U);
    ledger_.settle(block, 2, 1, Outcome::Delivered);
    EXPECT_EQ(ledger_.position(), 130U);
    EXPECT_EQ(ledger_.in_flight(), 0U);
}

TEST_F(LedgerTest, WaitsForAnEarlierBlock) {
    const auto first = ledger_.open_block({100}, 110);
    const auto second = ledger_.open_block({110, 115}, 120);
    ledger_.settle(second, 0, 2, Outcome::Delivered);
    EXPECT_EQ(ledger_.position(), 100U);
    ledger_.settle(first, 0, 1, Outcome::Delivered);
    EXPECT_EQ(ledger_.position(), 120U);
}

TEST_F(LedgerTest, TellsTheSourceWhatWasSettled) {
    const auto block = ledger_.open_block({100, 110}, 120);
    ledger_.settle(block, 0, 2, Outcome::Delivered);
    ASSERT_EQ(acks_.size(), 1U);
    EXPECT_EQ(acks_[0].origin, origin_);
    EXPECT_EQ(acks_[0].position, 120U);
    EXPECT_EQ(acks_[0].records, 2U);
    EXPECT_LE(acks_[0].oldest_read, base::SteadyClock::now());
}

TEST_F(LedgerTest, TellsWhatTheLastRecordBeforeThePositionWas) {
    const std::vector<Tail> tails{
        {.end = 109, .hash = 1, .size = 9}, {}, {.end = 2'199, .hash = 3, .size = 1024}};
    const auto block = ledger_.open_block({100, 110, 120}, 2'200, tails);
    ledger_.settle(block, 1, 1, Outcome::Delivered);
    EXPECT_EQ(acks_.back().tail, Tail{});
    ledger_.settle(block, 0, 1, Outcome::Delivered);
    EXPECT_EQ(acks_.back().position, 120U);
    EXPECT_EQ(acks_.back().tail, tails[0]) << "of the second one nothing is known";
    ledger_.settle(block, 2, 1, Outcome::Delivered);
    EXPECT_EQ(acks_.back().tail, tails[2]);
    ledger_.skip_to(2'300);
    EXPECT_EQ(acks_.back().position, 2'300U);
    EXPECT_EQ(acks_.back().tail, tails[2]);
}

TEST_F(LedgerTest, MaySettleAgainFromWithinAnAck) {
    RecordCounters counters{"web"};
    Ledger* self = nullptr;
    std::uint64_t block = 0;
    Ledger ledger{origin_, counters, 0, [&](const Ack& ack) {
                      if (ack.position == 10) self->settle(block, 1, 1, Outcome::Delivered);
                  }};
    self = &ledger;
    block = ledger.open_block({0, 10}, 20);
    ledger.settle(block, 0, 1, Outcome::Delivered);
    EXPECT_EQ(ledger.position(), 20U);
}

TEST_F(LedgerTest, WaitsForEveryMessageOfARecord) {
    const auto block = ledger_.open_block({100}, 110);
    ledger_.expect(block, 0, 3);
    ledger_.settle(block, 0, 1, Outcome::Delivered);
    ledger_.settle(block, 0, 1, Outcome::Delivered);
    EXPECT_EQ(ledger_.position(), 100U);
    EXPECT_EQ(ledger_.in_flight(), 1U);
    EXPECT_TRUE(acks_.empty());
    ledger_.settle(block, 0, 1, Outcome::Delivered);
    EXPECT_EQ(ledger_.position(), 110U);
}

TEST_F(LedgerTest, CountsARecordOnceByItsWorstOutcome) {
    const auto block = ledger_.open_block({100, 110, 120, 130}, 140);
    ledger_.expect(block, 0, 2);
    ledger_.expect(block, 1, 2);
    ledger_.settle(block, 0, 1, Outcome::DeadLettered);
    ledger_.settle(block, 0, 1, Outcome::Delivered);
    ledger_.settle(block, 1, 1, Outcome::Delivered);
    ledger_.settle(block, 1, 1, Outcome::Dropped);
    ledger_.settle(block, 2, 2, Outcome::Delivered);
    const auto values = counters_.snapshot();
    EXPECT_EQ(values.read, 4U);
    EXPECT_EQ(values.delivered, 2U);
    EXPECT_EQ(values.dead_lettered, 1U);
    EXPECT_EQ(values.dropped, 1U);
    EXPECT_TRUE(values.balanced());
}

TEST_F(LedgerTest, SkipsBytesThatAreNoRecordAtOnceWhenNothingIsOpen) {
    ledger_.skip_to(150);
    EXPECT_EQ(ledger_.position(), 150U);
    ASSERT_EQ(acks_.size(), 1U);
    EXPECT_EQ(acks_[0].position, 150U);
    EXPECT_EQ(acks_[0].records, 0U);
}

TEST_F(LedgerTest, SkipsBytesThatAreNoRecordAfterTheRecordsBeforeThem) {
    const auto block = ledger_.open_block({100}, 110);
    ledger_.skip_to(150);
    EXPECT_EQ(ledger_.position(), 100U);
    ledger_.settle(block, 0, 1, Outcome::Delivered);
    EXPECT_EQ(ledger_.position(), 150U);
}

TEST_F(LedgerTest, PassesABlockWithoutRecords) {
    ledger_.open_block({}, 110);
    EXPECT_EQ(ledger_.position(), 110U);
    EXPECT_FALSE(ledger_.oldest_unsettled());
    const auto block = ledger_.open_block({110}, 120);
    ledger_.open_block({}, 130);
    ledger_.settle(block, 0, 1, Outcome::Delivered);
    EXPECT_EQ(ledger_.position(), 130U);
}

TEST_F(LedgerTest, KnowsWhereAnUnsettledRecordBegins) {
    const auto first = ledger_.open_block({100}, 110);
    const auto second = ledger_.open_block({110, 117}, 120);
    EXPECT_EQ(ledger_.start_of(second, 1), 117U);
    ledger_.settle(first, 0, 1, Outcome::Delivered);
    EXPECT_EQ(ledger_.start_of(second, 1), 117U);
}

TEST_F(LedgerTest, KnowsWhenItsOldestUnsettledRecordWasRead) {
    const auto before = base::SteadyClock::now();
    const auto first = ledger_.open_block({100}, 110);
    const auto between = base::SteadyClock::now();
    const auto second = ledger_.open_block({110}, 120);
    ledger_.settle(second, 0, 1, Outcome::Delivered);
    EXPECT_GE(ledger_.oldest_unsettled(), before);
    EXPECT_LE(ledger_.oldest_unsettled(), between);
    ledger_.settle(first, 0, 1, Outcome::Delivered);
    EXPECT_FALSE(ledger_.oldest_unsettled());
}

TEST(Ledger, LivesAsLongAsATicket) {
    RecordCounters counters{"web"};
    auto ledger = std::make_shared<Ledger>(std::make_shared<Origin>(), counters, 0);
    const Ticket ticket{ledger, ledger->open_block({0}, 10)};
    ledger.reset();
    ticket.settle(0, 1, Outcome::Dropped);
    EXPECT_EQ(counters.snapshot().dropped, 1U);
    EXPECT_EQ(ticket.ledger->position(), 10U);
}

TEST_F(LedgerTest, IsAbandonedWithWhatIsNotSettled) {
    const auto block = ledger_.open_block({100, 110, 120, 130}, 140);
    ledger_.settle(block, 0, 1, Outcome::Delivered);
    ledger_.settle(block, 2, 1, Outcome::Delivered);
    const Abandoned left = ledger_.abandon();
    EXPECT_EQ(left.unsettled, 2U);
    EXPECT_EQ(left.position, 110U);
    EXPECT_THAT(left.settled, ElementsAre(120U));
    EXPECT_EQ(ledger_.in_flight(), 0U);

    acks_.clear();
    ledger_.settle(block, 1, 1, Outcome::Delivered);
    std::vector<Kept> kept;
    ledger_.keep(block, 3, 1, kept);
    EXPECT_TRUE(acks_.empty());
    EXPECT_EQ(ledger_.position(), 110U);
    EXPECT_EQ(ledger_.in_flight(), 0U);
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_FALSE(kept[0].counts);
    EXPECT_EQ(counters_.snapshot().delivered, 2U);
}

}  // namespace
}  // namespace aep::record
