#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "record/ledger.hpp"
#include "store/position_keeper.hpp"
#include "store_support.hpp"

// The chain from a settled record to its durable position, at random: blocks of random records are read,
// settled in random order, committed now and then, commits fail, and the process crashes (what was not
// committed is gone, the reader goes on where the store says). The committed position never passes a record
// that is not settled, and never falls behind by more than what was in flight.
namespace aep::store {
namespace {

using Random = std::mt19937_64;

/// One file, its reader, and what became of its records. A record is as long as its number modulo 7 plus 1.
class Chain : public testing_support::StoreFixture {
  protected:
    static constexpr std::uint64_t kRecords = 400;

    void begin(std::uint64_t seed) {
        random_.seed(seed);
        ends_.clear();
        std::uint64_t end = 0;
        for (std::uint64_t i = 0; i < kRecords; ++i) ends_.push_back(end += i % 7 + 1);
        settled_.assign(kRecords, false);
        open_.clear();
        ledger_.reset();
        environment_ = raw();
        keeper_ = std::make_unique<PositionKeeper>(*environment_, health_);
        const record::FileMark made = mark(generation_ = "g" + std::to_string(seed));
        ASSERT_TRUE(keeper_->remember({&made, 1}));
        ASSERT_NO_FATAL_FAILURE(start_reader());
    }

    [[nodiscard]] bool done() const { return committed_ == ends_.back(); }

    void step() {
        const auto dice = random_() % 200;
        if (dice < 60) {
            read_block();
        } else if (dice < 186) {
            settle_one();
        } else if (dice < 194) {
            commit(false);
            committed_ = position();
            ASSERT_EQ(committed_, ledger_->position()) << "behind by more than what is in flight";
        } else if (dice < 197) {
            commit(true);
        } else {
            crash();
        }
        check();
    }

  private:
    struct Open {
        std::uint64_t block;
        std::uint32_t index;
        std::uint64_t record;
    };

    [[nodiscard]] record::FileMark committed_mark() {
        for (const record::FileMark& one : keeper_->recall("web")) {
            if (one.generation == generation_) return one;
        }
        ADD_FAILURE() << "the mark is gone";
        return {};
    }
    [[nodiscard]] std::uint64_t position() { return committed_mark().position; }
    /// A record's end is where the next one begins.
    [[nodiscard]] record::Tail tail_of(std::uint64_t record) const {
        return {.end = ends_[record],
                .hash = record + 1,
                .size = static_cast<std::uint32_t>(ends_[record] - begin_of(record))};
    }

    void commit(bool fails) {
        auto transaction = environment_->begin_write();
        ASSERT_TRUE(keeper_->write(*transaction));
        if (fails) return;
        ASSERT_TRUE(transaction->commit());
        keeper_->committed();
    }

    // Where the store says, as a start does.
    void start_reader() {
        committed_ = position();
        next_ = static_cast<std::uint64_t>(std::ranges::upper_bound(ends_, committed_) - ends_.begin());
        ASSERT_EQ(begin_of(next_), committed_) << "the position is not where a record begins";
        auto made = std::make_shared<record::Origin>(origin(generation_));
        ledger_ = std::make_unique<record::Ledger>(
            made, counters_, committed_,
            [this](const record::Ack& ack) { keeper_->move_to(*ack.origin, ack.position, ack.tail); });
    }

    [[nodiscard]] std::uint64_t begin_of(std::uint64_t record) const {
        return record == 0 ? 0 : ends_[record - 1];
    }

    void read_block() {
        const std::uint64_t count = std::min(kRecords - next_, random_() % 8 + 1);
        if (count == 0) return;
        std::vector<std::uint64_t> starts;
        std::vector<record::Tail> tails;
        for (std::uint64_t i = 0; i < count; ++i) {
            starts.push_back(begin_of(next_ + i));
            tails.push_back(tail_of(next_ + i));
        }
        const auto block = ledger_->open_block(starts, ends_[next_ + count - 1], tails);
        for (std::uint32_t i = 0; i < count; ++i) open_.push_back({block, i, next_ + i});
        next_ += count;
    }

    // Some record, after its message failed a few times perhaps: that only delays it.
    void settle_one() {
        if (open_.empty()) return;
        std::swap(open_[random_() % open_.size()], open_.back());
        const Open one = open_.back();
        open_.pop_back();
        settled_[one.record] = true;
        ledger_->settle(one.block, one.index, 1, static_cast<record::Outcome>(random_() % 3));
    }

    // Nothing of the process is left; acks that come too late go nowhere.
    void crash() {
        open_.clear();
        ledger_.reset();
        keeper_.reset();
        environment_.reset();
        environment_ = raw();
        keeper_ = std::make_unique<PositionKeeper>(*environment_, health_);
        start_reader();
    }

    void check() {
        const std::uint64_t now = position();
        ASSERT_GE(now, committed_) << "went backward";
        for (std::uint64_t i = 0; i < kRecords && ends_[i] <= now; ++i) {
            ASSERT_TRUE(settled_[i]) << "the position passed record " << i << ", which is not settled";
        }
        if (now > 0) {
            const auto last =
                static_cast<std::uint64_t>(std::ranges::lower_bound(ends_, now) - ends_.begin());
            ASSERT_EQ(committed_mark().tail, tail_of(last));
        }
        ASSERT_TRUE(counters_.snapshot().balanced());
    }

    Random random_;
    std::vector<std::uint64_t> ends_;
    std::vector<bool> settled_;  ///< in any life of the process
    std::uint64_t next_ = 0;
    std::uint64_t committed_ = 0;
    std::vector<Open> open_;
    std::string generation_;
    record::RecordCounters counters_{"web"};
    std::unique_ptr<Environment> environment_;
    std::unique_ptr<PositionKeeper> keeper_;
    std::unique_ptr<record::Ledger> ledger_;
};

TEST_F(Chain, NeverPassesAnUnsettledRecordAndNeverFallsBehind) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE(seed);
        ASSERT_NO_FATAL_FAILURE(begin(seed));
        for (int i = 0; i < 20'000 && !done(); ++i) ASSERT_NO_FATAL_FAILURE(step());
        EXPECT_TRUE(done());
    }
}

}  // namespace
}  // namespace aep::store
