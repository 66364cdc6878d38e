#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "record/ledger.hpp"

// The Ledger against a model too simple to be wrong, and under four threads.
namespace aep::record {
namespace {

using Random = std::mt19937_64;

std::uint32_t below(Random& random, std::uint32_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
}

/// Every record ever read, in one list; the position is found by looking at all of them.
struct Model {
    struct Record {
        explicit Record(std::uint64_t begin) : start{begin} {}
        std::uint64_t start;
        unsigned pending = 1;
        Outcome worst = Outcome::Delivered;
    };
    struct Block {
        std::uint64_t number;
        std::size_t first;
        std::uint32_t count;
    };

    void settle(std::size_t record, Outcome outcome) {
        records[record].worst = std::max(records[record].worst, outcome);
        --records[record].pending;
    }
    void move() {
        position = end;
        for (const Record& record : records) {
            if (record.pending == 0) continue;
            position = record.start;
            return;
        }
    }
    [[nodiscard]] std::uint64_t unsettled() const {
        return static_cast<std::uint64_t>(
            std::count_if(records.begin(), records.end(), [](const Record& r) { return r.pending > 0; }));
    }
    [[nodiscard]] std::uint64_t settled_as(Outcome outcome) const {
        return static_cast<std::uint64_t>(std::count_if(records.begin(), records.end(), [&](const Record& r) {
            return r.pending == 0 && r.worst == outcome;
        }));
    }

    std::vector<Record> records;
    std::vector<Block> blocks;
    std::uint64_t end = 0;
    std::uint64_t position = 0;
};

/// Does the same to both, at random.
class Pair {
  public:
    explicit Pair(std::uint64_t seed) : random_{seed} {}

    void step() {
        const std::uint32_t dice = below(random_, 10);
        if (dice < 3) {
            open_block();
        } else if (dice < 4) {
            skip();
        } else {
            settle_run();
        }
    }

    void check() const {
        ASSERT_EQ(ledger_.position(), model_.position);
        ASSERT_EQ(ledger_.in_flight(), model_.unsettled());
        ASSERT_EQ(ledger_.oldest_unsettled().has_value(), model_.unsettled() > 0);
        const auto values = counters_.snapshot();
        ASSERT_TRUE(values.balanced());
        ASSERT_EQ(values.in_flight, model_.unsettled());
        ASSERT_EQ(values.read, model_.records.size());
        ASSERT_EQ(values.delivered, model_.settled_as(Outcome::Delivered));
        ASSERT_EQ(values.dropped, model_.settled_as(Outcome::Dropped));
        ASSERT_EQ(values.dead_lettered, model_.settled_as(Outcome::DeadLettered));
        ASSERT_EQ(acked_records_, values.settled());
        ASSERT_EQ(acked_position_, model_.position);
    }

    void settle_rest() {
        while (model_.unsettled() > 0) settle_run();
    }

  private:
    void open_block() {
        std::vector<std::uint64_t> starts;
        Model::Block block{.number = 0, .first = model_.records.size(), .count = below(random_, 6) + 1};
        for (std::uint32_t i = 0; i < block.count; ++i) {
            starts.push_back(model_.end + below(random_, 3));  // blank lines may lie between
            model_.end = starts.back() + 1 + below(random_, 20);
            model_.records.emplace_back(starts.back());
        }
        model_.end += below(random_, 3);
        block.number = ledger_.open_block(starts, model_.end);
        for (std::uint32_t i = 0; i < block.count; ++i) {
            if (below(random_, 4) != 0) continue;
            const auto messages = static_cast<std::uint16_t>(1 + below(random_, 4));
            ledger_.expect(block.number, i, messages);
            model_.records[block.first + i].pending = messages;
        }
        model_.blocks.push_back(block);
    }

    void skip() {
        model_.end += 1 + below(random_, 9);
        ledger_.skip_to(model_.end);
        if (model_.unsettled() == 0) model_.move();
    }

    // One message each of some neighbouring records of some Block that are not settled.
    void settle_run() {
        if (model_.blocks.empty()) return;
        const Model::Block& block =
            model_.blocks[below(random_, static_cast<std::uint32_t>(model_.blocks.size()))];
        const std::uint32_t first = below(random_, block.count);
        std::uint32_t count = 0;
        const auto outcome = static_cast<Outcome>(below(random_, 3));
        while (first + count < block.count && model_.records[block.first + first + count].pending > 0 &&
               (count == 0 || below(random_, 4) != 0)) {
            model_.settle(block.first + first + count++, outcome);
        }
        if (count == 0) return;
        ledger_.settle(block.number, first, count, outcome);
        model_.move();
    }

    Random random_;
    Model model_;
    RecordCounters counters_{"source"};
    std::uint64_t acked_records_ = 0;
    std::uint64_t acked_position_ = 0;
    Ledger ledger_{std::make_shared<Origin>(), counters_, 0, [this](const Ack& ack) {
                       acked_records_ += ack.records;
                       acked_position_ = ack.position;
                   }};
};

TEST(LedgerProperty, AgreesWithTheModelAtEveryStep) {
    for (std::uint64_t seed = 0; seed < 150; ++seed) {
        SCOPED_TRACE(seed);
        Pair pair{seed};
        for (int i = 0; i < 150; ++i) {
            pair.step();
            ASSERT_NO_FATAL_FAILURE(pair.check());
        }
        pair.settle_rest();
        ASSERT_NO_FATAL_FAILURE(pair.check());
    }
}

class SettlingThreads : public testing::Test {
  protected:
    static constexpr std::uint32_t kBlocks = 200;
    static constexpr std::uint32_t kPerBlock = 20;
    static constexpr unsigned kThreads = 4;

    // Record n begins at n; even records became two messages.
    void read_all() {
        for (std::uint32_t block = 0; block < kBlocks; ++block) {
            std::vector<std::uint64_t> starts;
            for (std::uint32_t i = 0; i < kPerBlock; ++i) starts.push_back(block * kPerBlock + i);
            const auto number = ledger_.open_block(starts, (block + 1) * kPerBlock);
            for (std::uint32_t i = 0; i < kPerBlock; i += 2) ledger_.expect(number, i, 2);
        }
    }

    // Every thread settles its messages in an order of its own; two threads share the even records.
    void settle_share(unsigned thread) {
        std::vector<std::uint32_t> mine;
        for (std::uint32_t record = 0; record < kBlocks * kPerBlock; ++record) {
            const bool first_message = record % kThreads == thread;
            const bool second_message = record % 2 == 0 && (record + 1) % kThreads == thread;
            if (first_message || second_message) mine.push_back(record);
        }
        std::shuffle(mine.begin(), mine.end(), Random{thread});
        for (const std::uint32_t record : mine) {
            begun_[record].fetch_add(1);
            ledger_.settle(record / kPerBlock, record % kPerBlock, 1, Outcome::Delivered);
        }
    }

    // The position may only pass what somebody has at least begun to settle to the last message.
    void expect_nothing_passed() {
        const std::uint64_t position = ledger_.position();
        for (; checked_ < position; ++checked_) {
            ASSERT_EQ(begun_[checked_].load(), checked_ % 2 == 0 ? 2 : 1) << checked_;
        }
        ASSERT_GE(position, checked_);
        ASSERT_TRUE(counters_.snapshot().balanced());
    }

    RecordCounters counters_{"source"};
    Ledger ledger_{std::make_shared<Origin>(), counters_, 0};
    std::array<std::atomic<int>, std::size_t{kBlocks} * kPerBlock> begun_{};
    std::uint64_t checked_ = 0;
};

TEST_F(SettlingThreads, NeverMoveThePositionPastAnUnsettledRecord) {
    read_all();
    std::vector<std::jthread> threads;
    for (unsigned thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([this, thread] { settle_share(thread); });
    }
    while (ledger_.in_flight() > 0 && !HasFatalFailure()) expect_nothing_passed();
    threads.clear();
    expect_nothing_passed();
    EXPECT_EQ(ledger_.position(), kBlocks * kPerBlock);
    EXPECT_EQ(counters_.snapshot().delivered, kBlocks * kPerBlock);
}

}  // namespace
}  // namespace aep::record
