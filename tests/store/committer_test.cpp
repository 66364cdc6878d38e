#include "store/committer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "broken_root.hpp"
#include "store_support.hpp"

namespace aep::store {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class FullDisk : public testing_support::StoreFixture {
  protected:
    void SetUp() override {
        open();
        remember(mark("g1"));
        commit();
        data_ = std::filesystem::file_size(Store::directory(dir_.path()) / "data.mdb");
    }
    std::uintmax_t data_ = 0;
};

TEST_F(FullDisk, KeepsPositionsInMemoryAndGoesOnWhenThereIsRoom) {
    testing::internal::CaptureStderr();
    {
        const testing_support::FileSizeLimit full{data_ / 2};
        positions().move_to(origin("g1"), 10);
        EXPECT_FALSE(store_->flush(500ms));
        positions().move_to(origin("g1"), 20);
        EXPECT_FALSE(store_->flush(500ms));
        EXPECT_EQ(health_.report(), "agent: starting or draining\nstate_dir: cannot write\n");
        EXPECT_EQ(recalled("g1")->position, 0U);
        const auto refused = positions().remember(std::vector{mark("g2")});
        ASSERT_FALSE(refused.has_value());
        EXPECT_THAT(health_.report(), HasSubstr("positions of new files: cannot write"));
    }
    ASSERT_TRUE(store_->flush(testing_support::kSoon));
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_THAT(log, HasSubstr("store_commit_failed"));
    EXPECT_THAT(log, HasSubstr("code=27"));  // EFBIG
    EXPECT_THAT(log, HasSubstr("store_writable"));
    EXPECT_THAT(health_.report(), Not(HasSubstr("state_dir")));
    reopen();
    EXPECT_EQ(recalled("g1")->position, 20U);
    EXPECT_FALSE(recalled("g2").has_value());
    remember(mark("g2"));
    EXPECT_THAT(health_.report(), Not(HasSubstr("positions")));
}

TEST_F(FullDisk, DoesNotKeepTheProcessFromEnding) {
    const testing_support::FileSizeLimit full{data_ / 2};
    positions().move_to(origin("g1"), 10);
    EXPECT_FALSE(store_->flush(300ms));
    const auto before = base::SteadyClock::now();
    close();
    EXPECT_LT(base::SteadyClock::now() - before, 10s);
}

/// After a failed write of the root LMDB begins no transaction any more (MDB_PANIC).
using BrokenStore = FullDisk;

TEST_F(BrokenStore, IsOpenedAgainAndGoesOnWithAllThatWaited) {
    testing::internal::CaptureStderr();
    {
        const testing_support::BrokenRoot broken;
        positions().move_to(origin("g1"), 10);
        EXPECT_FALSE(store_->flush(1s));
        EXPECT_GT(broken.failures(), 0);
        positions().move_to(origin("g1"), 20);
        EXPECT_THAT(health_.report(), HasSubstr("state_dir: cannot write"));
    }
    ASSERT_TRUE(store_->flush(testing_support::kSoon));
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_THAT(log, HasSubstr("MDB_PANIC"));
    EXPECT_THAT(log, HasSubstr("store_writable"));
    EXPECT_EQ(recalled("g1")->position, 20U);
    reopen();
    EXPECT_EQ(recalled("g1")->position, 20U);
}

TEST_F(BrokenStore, ThatCannotBeOpenedAgainIsTriedUntilItCan) {
    const auto data = Store::directory(dir_.path()) / "data.mdb";
    const auto aside = dir_.path() / "aside";
    std::filesystem::rename(data, aside);
    std::ofstream{data} << std::string(20'000, 'x');
    testing::internal::CaptureStderr();
    {
        const testing_support::BrokenRoot broken;
        positions().move_to(origin("g1"), 10);
        EXPECT_FALSE(store_->flush(2s));
    }
    EXPECT_FALSE(store_->environment().begin_read().has_value());
    EXPECT_FALSE(positions().remember(std::vector{mark("g2")}).has_value());
    std::filesystem::rename(aside, data);
    ASSERT_TRUE(store_->flush(testing_support::kSoon));
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("store_reopen_failed"));
    EXPECT_EQ(recalled("g1")->position, 10U);
}

/// Keeps one value and wants to store another that has no room beside it.
class Replacing final : public Committed {
  public:
    base::Result<void> write(Transaction& transaction) override {
        if (auto removed = release(transaction); !removed) return removed;
        const auto place = transaction.reserve(Table::Batches, name, kBytes);
        if (!place) return place.error();
        std::fill_n(*place, kBytes, 'x');
        return {};
    }
    base::Result<void> release(Transaction& transaction) override {
        return transaction.remove(Table::Batches, former);
    }
    void committed() override { ++commits; }

    static constexpr std::size_t kBytes = 400'000;
    std::string name = "1";
    std::string former = "none";
    std::atomic<int> commits{0};
};

TEST(FullMap, MakesRoomFirstAndThenGoesOn) {
    const testing_support::TempDir dir;
    const auto environment = Environment::open(dir.path() / "store", 640'000, Environment::Access::Write);
    ASSERT_TRUE(environment.has_value()) << environment.error().message;
    telemetry::Health health;
    Replacing replacing;
    testing::internal::CaptureStderr();
    {
        Committer committer{**environment, health};
        committer.add(replacing);
        ASSERT_TRUE(committer.flush(testing_support::kSoon));
        replacing.former = replacing.name;
        replacing.name = "2";
        ASSERT_TRUE(committer.flush(testing_support::kSoon));
    }
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_THAT(log, HasSubstr("code=-30792"));  // MDB_MAP_FULL
    EXPECT_THAT(log, HasSubstr("store_writable"));
    EXPECT_EQ(health.report(), "agent: starting or draining\n");
    const auto transaction = (*environment)->begin_read();
    EXPECT_FALSE(transaction->get(Table::Batches, "1")->has_value());
    EXPECT_EQ(transaction->get(Table::Batches, "2")->value().size(), Replacing::kBytes);
}

class Counting final : public Committed {
  public:
    base::Result<void> write(Transaction&) override {
        ++writes;
        return {};
    }
    void committed() override { ++commits; }
    std::atomic<int> writes{0};
    std::atomic<int> commits{0};
};

TEST(Committer, GathersWhatMovesWithinItsPause) {
    const testing_support::TempDir dir;
    const auto environment =
        Environment::open(dir.path() / "store", Store::kPositionsMap, Environment::Access::Write);
    ASSERT_TRUE(environment.has_value());
    telemetry::Health health;
    Counting counting;
    {
        Committer committer{**environment, health};
        committer.add(counting);
        const auto end = base::SteadyClock::now() + 1s;
        while (base::SteadyClock::now() < end) committer.notice();
        EXPECT_LE(counting.commits, 11);
        EXPECT_GE(counting.commits, 2);
    }
    const int after = counting.commits;
    EXPECT_EQ(counting.writes, after);
}

TEST(Committer, DoesNothingWhileNothingMoves) {
    const testing_support::TempDir dir;
    const auto environment =
        Environment::open(dir.path() / "store", Store::kPositionsMap, Environment::Access::Write);
    telemetry::Health health;
    Counting counting;
    {
        Committer committer{**environment, health};
        committer.add(counting);
        std::this_thread::sleep_for(3 * Committer::kEvery);
    }
    EXPECT_EQ(counting.writes, 0);
}

TEST(Committer, WritesNothingMoreOfAParticipantThatWasRemoved) {
    const testing_support::TempDir dir;
    const auto environment =
        Environment::open(dir.path() / "store", Store::kPositionsMap, Environment::Access::Write);
    telemetry::Health health;
    Counting stays;
    Counting goes;
    Committer committer{**environment, health};
    committer.add(stays);
    committer.add(goes);
    ASSERT_TRUE(committer.flush(testing_support::kSoon));
    committer.remove(goes);
    const int before = goes.writes;
    ASSERT_TRUE(committer.flush(testing_support::kSoon));
    EXPECT_EQ(goes.writes, before);
    EXPECT_EQ(goes.commits, before);
    EXPECT_GT(stays.commits, before);
}

}  // namespace
}  // namespace aep::store
