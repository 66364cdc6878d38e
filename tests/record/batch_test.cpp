#include "record/batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstring>
#include <string>
#include <vector>

namespace aep::record {
namespace {

class BatchTest : public testing::Test {
  protected:
    std::unique_ptr<Batch> open() { return std::make_unique<Batch>(stream_, share_.open()); }

    Ticket read(std::uint32_t records) {
        std::vector<std::uint64_t> starts;
        for (std::uint32_t i = 0; i < records; ++i) starts.push_back(read_to_ + 10 * i);
        read_to_ += 10ULL * records;
        return {ledger_, ledger_->open_block(starts, read_to_)};
    }

    static void add(Batch& batch, std::string_view text, const Ticket& ticket, std::uint32_t record) {
        std::memcpy(batch.reserve(text.size()), text.data(), text.size());
        batch.append(text.size(), batch.ticket_index(ticket), record);
    }

    // {"e":n} is the entity of {"m":{"e":n}}.
    static std::string message(int n) { return "{\"m\":{\"e\":" + std::to_string(n) + "}}"; }

    MemoryBudget budget_{std::size_t{1} << 30U};
    MemoryShare& share_ = budget_.add_share("inlet");
    static std::shared_ptr<const StreamInfo> make_stream() {
        StreamInfo stream;
        stream.id = "events";
        stream.entity_begin = 5;
        stream.entity_end = 1;
        return std::make_shared<StreamInfo>(std::move(stream));
    }

    std::shared_ptr<const StreamInfo> stream_ = make_stream();
    RecordCounters counters_{"web"};
    std::shared_ptr<Ledger> ledger_ = std::make_shared<Ledger>(std::make_shared<Origin>(), counters_, 0);
    std::uint64_t read_to_ = 0;
};

TEST_F(BatchTest, IsTheBodyOfOneRequest) {
    auto batch = open();
    const Ticket ticket = read(2);
    add(*batch, message(1), ticket, 0);
    add(*batch, message(2), ticket, 1);
    batch->seal();
    EXPECT_EQ(batch->body(), R"({"messages":[{"m":{"e":1}},{"m":{"e":2}}]})");
    EXPECT_EQ(batch->text_of(batch->messages[1]), message(2));
    EXPECT_EQ(batch->entity_of(batch->messages[1]), R"({"e":2})");
}

TEST_F(BatchTest, KnowsTheSizeOfItsBodyBeforeItIsSealed) {
    auto batch = open();
    const Ticket ticket = read(3);
    for (std::uint32_t i = 0; i < 3; ++i) {
        add(*batch, message(static_cast<int>(i)), ticket, i);
        const std::size_t expected = batch->body_size();
        auto copy = batch->part(std::vector<std::uint32_t>{0});
        EXPECT_EQ(copy->body_size(), copy->body().size());
        if (i == 2) {
            batch->seal();
            EXPECT_EQ(batch->body().size(), expected);
            EXPECT_EQ(batch->body_size(), expected);
        }
    }
}

TEST_F(BatchTest, IsValidWithoutMessages) {
    auto batch = open();
    batch->seal();
    EXPECT_EQ(batch->body(), R"({"messages":[]})");
}

TEST_F(BatchTest, MayReserveMoreThanItAppends) {
    auto batch = open();
    const Ticket ticket = read(2);
    std::memset(batch->reserve(500'000), 'x', 500'000);
    add(*batch, message(1), ticket, 0);
    static_cast<void>(batch->reserve(1000));
    add(*batch, message(2), ticket, 1);
    batch->seal();
    EXPECT_EQ(batch->body(), R"({"messages":[{"m":{"e":1}},{"m":{"e":2}}]})");
}

TEST_F(BatchTest, GrowsAndKeepsWhatItHolds) {
    auto batch = open();
    const Ticket ticket = read(2000);
    std::string expected;
    for (std::uint32_t i = 0; i < 2000; ++i) {
        std::string text{"\""};
        text.append(i % 700, static_cast<char>('a' + i % 26)).append("\"");
        if (i > 0) expected += ',';
        expected += text;
        add(*batch, text, ticket, i);
    }
    batch->seal();
    EXPECT_EQ(batch->body(), "{\"messages\":[" + expected + "]}");
    EXPECT_EQ(boost::json::parse(std::string{batch->body()}).at("messages").as_array().size(), 2000U);
}

TEST_F(BatchTest, PaysForItsBuffer) {
    auto batch = open();
    EXPECT_GE(share_.used(), 64U << 10U);
    const Ticket ticket = read(1);
    add(*batch, std::string(1'000'000, '1'), ticket, 0);
    EXPECT_GE(share_.used(), 1'000'000U);
    batch.reset();
    EXPECT_EQ(share_.used(), 0U);
}

TEST_F(BatchTest, GivesBackWhatItDoesNotNeedWhenSealed) {
    auto batch = open();
    const Ticket ticket = read(1);
    static_cast<void>(batch->reserve(1'000'000));
    add(*batch, message(1), ticket, 0);
    batch->seal();
    EXPECT_LT(share_.used(), 4096U);
    EXPECT_EQ(batch->body(), R"({"messages":[{"m":{"e":1}}]})");
}

TEST_F(BatchTest, AddsATicketOnlyWhenTheBlockChanges) {
    auto batch = open();
    const Ticket first = read(2);
    const Ticket second = read(1);
    EXPECT_EQ(batch->ticket_index(first), 0U);
    EXPECT_EQ(batch->ticket_index(first), 0U);
    EXPECT_EQ(batch->ticket_index(second), 1U);
    EXPECT_EQ(batch->tickets.size(), 2U);
}

TEST_F(BatchTest, MakesASealedPartOfSomeMessages) {
    auto batch = open();
    const Ticket first = read(2);
    const Ticket second = read(2);
    for (std::uint32_t i = 0; i < 4; ++i) {
        add(*batch, message(static_cast<int>(i)), i < 2 ? first : second, i % 2);
    }
    batch->lane = 7;
    batch->opened_at = base::SteadyClock::now();
    batch->oldest_read = batch->opened_at - std::chrono::seconds{1};
    batch->seal();
    const auto part = batch->part(std::vector<std::uint32_t>{1, 3});
    EXPECT_EQ(part->body(), R"({"messages":[{"m":{"e":1}},{"m":{"e":3}}]})");
    EXPECT_EQ(part->lane, 7U);
    EXPECT_EQ(part->opened_at, batch->opened_at);
    EXPECT_EQ(part->oldest_read, batch->oldest_read);
    EXPECT_EQ(part->lease.share(), &share_);
    EXPECT_EQ(part->position_of(part->messages[0]), 10U);
    EXPECT_EQ(part->position_of(part->messages[1]), 30U);
}

TEST_F(BatchTest, SettlesEveryMessageWithItsRecord) {
    auto batch = open();
    const Ticket first = read(3);
    const Ticket second = read(3);
    // A gap (record 1 of the first went elsewhere), a change of Block, and a record with two messages.
    ledger_->expect(second.block, 2, 2);
    add(*batch, "0", first, 0);
    add(*batch, "0", first, 2);
    for (const std::uint32_t record : {0U, 1U, 2U, 2U}) add(*batch, "0", second, record);
    batch->seal();
    batch->settle_all(Outcome::Delivered);
    EXPECT_EQ(ledger_->in_flight(), 1U);
    EXPECT_EQ(ledger_->position(), 10U);
    first.settle(1, 1, Outcome::Dropped);
    EXPECT_EQ(ledger_->position(), 60U);
    EXPECT_EQ(counters_.snapshot().delivered, 5U);
}

TEST_F(BatchTest, SettlesOneCallPerRunOfRecords) {
    int acks = 0;
    ledger_ = std::make_shared<Ledger>(std::make_shared<Origin>(), counters_, 0, [&](const Ack&) { ++acks; });
    auto batch = open();
    const Ticket ticket = read(1000);
    for (std::uint32_t i = 0; i < 1000; ++i) add(*batch, "0", ticket, i);
    batch->seal();
    batch->settle_all(Outcome::Delivered);
    EXPECT_EQ(acks, 1);
    EXPECT_EQ(ledger_->position(), 10'000U);
}

TEST_F(BatchTest, SettlesSingleMessages) {
    auto batch = open();
    const Ticket ticket = read(2);
    add(*batch, "0", ticket, 0);
    add(*batch, "1", ticket, 1);
    batch->seal();
    batch->settle(batch->messages[1], Outcome::DeadLettered);
    EXPECT_EQ(ledger_->position(), 0U);
    EXPECT_EQ(batch->position_of(batch->messages[0]), 0U);
    batch->settle(batch->messages[0], Outcome::Delivered);
    EXPECT_EQ(ledger_->position(), 20U);
    EXPECT_EQ(counters_.snapshot().dead_lettered, 1U);
}

}  // namespace
}  // namespace aep::record
