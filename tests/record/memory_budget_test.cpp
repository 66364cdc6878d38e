#include "record/memory_budget.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <vector>

namespace aep::record {
namespace {

using namespace std::chrono_literals;

bool fits(MemoryShare& share, std::size_t bytes) {
    return share.try_take(bytes).share() != nullptr;  // given back at once
}

TEST(MemoryBudget, GivesASingleDestinationTheWholeLimit) {
    MemoryBudget budget{1000};
    MemoryShare& share = budget.add_share("only");
    const Lease held = share.try_take(999);
    EXPECT_EQ(held.share(), &share);
    EXPECT_TRUE(fits(share, 1));
    EXPECT_FALSE(fits(share, 2));
    EXPECT_EQ(budget.used(), 999U);
}

TEST(MemoryBudget, LendsTheCommonHalfToWhoeverNeedsIt) {
    MemoryBudget budget{1000};  // 250 for each, 500 in common
    MemoryShare& busy = budget.add_share("busy");
    static_cast<void>(budget.add_share("idle"));
    const Lease held = busy.try_take(1);
    EXPECT_TRUE(fits(busy, 749));
    EXPECT_FALSE(fits(busy, 750));
}

TEST(MemoryBudget, KeepsAGuaranteeThatNobodyElseCanTake) {
    MemoryBudget budget{1000};
    MemoryShare& dead = budget.add_share("dead");
    MemoryShare& well = budget.add_share("well");
    const Lease all_it_can_get = dead.try_take(750);
    ASSERT_NE(all_it_can_get.share(), nullptr);
    EXPECT_FALSE(fits(dead, 1));
    const Lease flowing = well.try_take(200);
    ASSERT_NE(flowing.share(), nullptr);
    EXPECT_TRUE(fits(well, 50));
    EXPECT_FALSE(fits(well, 51));
}

TEST(MemoryBudget, LendsAgainWhatWasGivenBack) {
    MemoryBudget budget{1000};
    MemoryShare& one = budget.add_share("one");
    MemoryShare& other = budget.add_share("other");
    const Lease held = other.try_take(250);
    std::optional<Lease> lent = one.try_take(750);
    EXPECT_FALSE(fits(other, 100));
    lent.reset();
    EXPECT_TRUE(fits(other, 100));
    EXPECT_EQ(one.used(), 0U);
}

TEST(MemoryBudget, GrantsAnEmptyShareAnything) {
    MemoryBudget budget{1000};
    MemoryShare& share = budget.add_share("a");
    const Lease huge = share.try_take(5000);
    EXPECT_EQ(huge.bytes(), 5000U);
    EXPECT_FALSE(fits(share, 1));
}

TEST(MemoryBudget, NeverExceedsItsLimitWithoutResize) {
    MemoryBudget budget{1000};
    MemoryShare& a = budget.add_share("a");
    MemoryShare& b = budget.add_share("b");
    MemoryShare& c = budget.add_share("c");
    std::vector<Lease> leases;
    for (int i = 0; i < 1000; ++i) {
        for (MemoryShare* share : {&a, &b, &b, &c}) {
            if (Lease lease = share->try_take(7); lease.share() != nullptr)
                leases.push_back(std::move(lease));
        }
        ASSERT_LE(budget.used(), 1000U);
    }
    EXPECT_GE(budget.used(), 970U);
    EXPECT_GE(a.used(), 160U);
    EXPECT_GE(c.used(), 160U);
}

TEST(Lease, IsGivenBackOnce) {
    MemoryBudget budget{1000};
    MemoryShare& share = budget.add_share("a");
    {
        Lease first = share.try_take(100);
        Lease second = std::move(first);
        EXPECT_EQ(budget.used(), 100U);
        Lease third = share.try_take(50);
        third = std::move(second);
        EXPECT_EQ(budget.used(), 100U);
        EXPECT_EQ(third.bytes(), 100U);
    }
    EXPECT_EQ(budget.used(), 0U);
}

TEST(Lease, CountsWhatIsOnItsWayEvenAboveTheLimit) {
    MemoryBudget budget{1000};
    MemoryShare& share = budget.add_share("a");
    Lease lease = share.open();
    lease.resize(3000);
    EXPECT_EQ(share.used(), 3000U);
    EXPECT_FALSE(fits(share, 1));
    lease.resize(10);
    EXPECT_EQ(share.used(), 10U);
    EXPECT_TRUE(fits(share, 1));
}

TEST(Lease, ReopensEmptyForTheSameShare) {
    MemoryBudget budget{1000};
    MemoryShare& share = budget.add_share("a");
    const Lease lease = share.try_take(10);
    const Lease other = lease.reopen();
    EXPECT_EQ(other.share(), &share);
    EXPECT_EQ(other.bytes(), 0U);
}

TEST(Lease, WithoutAShareCountsNothing) {
    Lease lease;
    lease.resize(100);
    EXPECT_EQ(lease.bytes(), 0U);
    EXPECT_EQ(lease.reopen().share(), nullptr);
}

class WaitingSource : public testing::Test {
  protected:
    void wait_for(std::size_t bytes) {
        taken_ =
            std::async(std::launch::async, [this, bytes] { return share_.take(bytes, stop_.get_token()); });
    }
    bool still_waiting() { return taken_.wait_for(20ms) == std::future_status::timeout; }

    MemoryBudget budget_{1000};
    MemoryShare& share_ = budget_.add_share("a");
    Lease held_ = share_.try_take(1000);
    std::stop_source stop_;
    std::future<Lease> taken_;
};

TEST_F(WaitingSource, GoesOnWhenThereIsRoom) {
    wait_for(500);
    EXPECT_TRUE(still_waiting());
    held_.resize(501);
    EXPECT_TRUE(still_waiting());
    held_.resize(500);
    ASSERT_EQ(taken_.wait_for(10s), std::future_status::ready);
    EXPECT_EQ(taken_.get().bytes(), 500U);
}

TEST_F(WaitingSource, EndsWithAnEmptyLeaseWhenAskedToStop) {
    wait_for(500);
    EXPECT_TRUE(still_waiting());
    stop_.request_stop();
    ASSERT_EQ(taken_.wait_for(10s), std::future_status::ready);
    EXPECT_EQ(taken_.get().share(), nullptr);
    EXPECT_EQ(budget_.used(), 1000U);
}

TEST_F(WaitingSource, IsGrantedMoreThanTheLimitOnceNothingElseIsHeld) {
    wait_for(5000);
    EXPECT_TRUE(still_waiting());
    held_.resize(0);
    ASSERT_EQ(taken_.wait_for(10s), std::future_status::ready);
    EXPECT_EQ(taken_.get().bytes(), 5000U);
}

TEST(MemoryBudget, AddsUpUnderManyThreads) {
    MemoryBudget budget{1000};
    MemoryShare& a = budget.add_share("a");
    MemoryShare& b = budget.add_share("b");
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&share = t % 2 == 0 ? a : b](const std::stop_token& stop) {
                for (int i = 0; i < 500; ++i) {
                    Lease lease = share.take(400, stop);
                    lease.resize(100);
                }
            });
        }
        for (std::jthread& thread : threads) thread.join();
    }
    EXPECT_EQ(budget.used(), 0U);
}

TEST(MemoryBudget, GivesTheOthersThePartOfADestinationThatIsGone) {
    MemoryBudget budget{100};
    MemoryShare& stays = budget.add_share("stays");
    budget.add_share("goes");
    const Lease most = stays.try_take(75);
    ASSERT_NE(most.share(), nullptr);
    EXPECT_EQ(stays.try_take(25).share(), nullptr);
    budget.retire_share("goes");
    EXPECT_NE(stays.try_take(25).share(), nullptr);
}

TEST(MemoryBudget, KnowsADestinationThatComesBack) {
    MemoryBudget budget{100};
    MemoryShare& stays = budget.add_share("stays");
    MemoryShare& goes = budget.add_share("goes");
    budget.retire_share("goes");
    EXPECT_EQ(&budget.add_share("goes"), &goes);
    const Lease most = stays.try_take(75);
    EXPECT_EQ(stays.try_take(25).share(), nullptr);
}

TEST(MemoryBudget, TakesAnotherLimit) {
    MemoryBudget budget{100};
    MemoryShare& share = budget.add_share("only");
    const Lease some = share.try_take(60);
    EXPECT_EQ(share.try_take(60).share(), nullptr);
    budget.set_limit(120);
    EXPECT_NE(share.try_take(60).share(), nullptr);
}

}  // namespace
}  // namespace aep::record
