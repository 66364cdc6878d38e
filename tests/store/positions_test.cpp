#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "store/position_keeper.hpp"
#include "store/position_table.hpp"
#include "store/sealed.hpp"
#include "store_support.hpp"

namespace aep::store {
namespace {

using record::FileMark;
using testing::HasSubstr;

class Positions : public testing_support::StoreFixture {
  protected:
    void SetUp() override { open(); }

    void damage(const std::string& generation, std::size_t byte) {
        close();
        const auto environment = raw();
        auto transaction = environment->begin_write();
        const std::string key = position_key("web", generation);
        std::string value{**transaction->get(Table::Positions, key)};
        value.at(byte) = static_cast<char>(value.at(byte) ^ 0x10);
        ASSERT_TRUE(transaction->put(Table::Positions, key, value));
        ASSERT_TRUE(transaction->commit());
    }
};

TEST_F(Positions, OfANewStateAreNone) {
    EXPECT_TRUE(positions().recall("web").empty());
    EXPECT_FALSE(positions().scanned_before("web"));
}

TEST_F(Positions, AreRememberedWithEverythingThatBelongsToThem) {
    FileMark made = mark("g1", 4096);
    made.finished = true;
    made.born = 1'700'000'000'123'456'789;
    made.tail = {.end = 4095, .hash = 0xFEDCBA9876543210, .size = 77};
    remember(made);
    reopen();
    const auto found = recalled("g1");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->path, made.path);
    EXPECT_EQ(found->device, made.device);
    EXPECT_EQ(found->inode, made.inode);
    EXPECT_EQ(found->born, made.born);
    EXPECT_EQ(found->fingerprint, made.fingerprint);
    EXPECT_EQ(found->position, 4096U);
    EXPECT_EQ(found->tail, made.tail);
    EXPECT_TRUE(found->finished);
    EXPECT_EQ(found->last_seen, made.last_seen);
}

TEST_F(Positions, AreDurableWhenRememberReturnsWithoutAnyOtherCommit) {
    remember(mark("g1"));
    // Another reader sees commits only.
    const auto listed = store_->positions().recall("web");
    EXPECT_EQ(listed.size(), 1U);
}

TEST_F(Positions, BelongToOneSource) {
    remember(mark("g1"));
    FileMark other = mark("g2");
    other.source = "web2";  // begins like the other one's id
    remember(other);
    EXPECT_EQ(positions().recall("web").size(), 1U);
    EXPECT_EQ(positions().recall("web2").size(), 1U);
    EXPECT_TRUE(positions().recall("we").empty());
}

TEST_F(Positions, MoveForwardOnly) {
    remember(mark("g1", 100));
    positions().move_to(origin("g1"), 500);
    positions().move_to(origin("g1"), 300);
    commit();
    positions().move_to(origin("g1"), 200);
    commit();
    reopen();
    EXPECT_EQ(recalled("g1")->position, 500U);
}

TEST_F(Positions, AreCommittedWithoutBeingAskedTo) {
    remember(mark("g1"));
    positions().move_to(origin("g1"), 77);
    const auto end = base::SteadyClock::now() + testing_support::kSoon;
    while (recalled("g1")->position != 77 && base::SteadyClock::now() < end) std::this_thread::yield();
    EXPECT_EQ(recalled("g1")->position, 77U);
}

TEST_F(Positions, AreCommittedWhenTheStoreIsClosed) {
    remember(mark("g1"));
    commit();  // the next one has to wait now
    positions().move_to(origin("g1"), 77);
    reopen();
    EXPECT_EQ(recalled("g1")->position, 77U);
}

TEST_F(Positions, KeepTheirPlaceWhenTheMarkIsUpdated) {
    remember(mark("g1", 100));
    FileMark renamed = mark("g1", 0);
    renamed.path = "/var/log/g1.json.1";
    renamed.fingerprint.size = 5;
    positions().move_to(origin("g1"), 150);
    positions().update(renamed);
    commit();
    EXPECT_EQ(recalled("g1")->path, "/var/log/g1.json.1");
    EXPECT_EQ(recalled("g1")->fingerprint.size, 5U);
    EXPECT_EQ(recalled("g1")->position, 150U);
}

TEST_F(Positions, TakeWithThemWhatTheLastRecordBeforeThemWas) {
    remember(mark("g1"));
    const record::Tail first{.end = 499, .hash = 1, .size = 10};
    const record::Tail second{.end = 599, .hash = 2, .size = 10};
    positions().move_to(origin("g1"), 600, second);
    positions().move_to(origin("g1"), 500, first);
    commit();
    EXPECT_EQ(recalled("g1")->tail, second);
    positions().move_to(origin("g1"), 602);  // over blank lines
    commit();
    EXPECT_EQ(recalled("g1")->tail, second);
}

TEST_F(Positions, LearnNothingOfRecordsBehindThem) {
    remember(mark("g1", 100));
    FileMark ahead = mark("g1", 200);
    ahead.tail = {.end = 199, .hash = 3, .size = 10};
    positions().update(ahead);
    commit();
    remember(ahead);
    EXPECT_EQ(recalled("g1")->tail, record::Tail{});
    ahead.tail.end = 99;
    positions().update(ahead);
    commit();
    EXPECT_EQ(recalled("g1")->tail.end, 99U);
}

TEST_F(Positions, OfEarlierVersionsAreRead) {
    remember(mark("g1", 100));
    close();
    {
        const auto environment = raw();
        auto transaction = environment->begin_write();
        const std::string key = position_key("web", "g1");
        const std::string value{**transaction->get(Table::Positions, key)};
        const auto payload = unseal(value)->payload;
        // Without the tail, and without the birth.
        ASSERT_TRUE(transaction->put(Table::Positions, key, seal(1, payload.substr(0, payload.size() - 20))));
        ASSERT_TRUE(transaction->put(Table::Positions, position_key("web", "g2"),
                                     seal(1, payload.substr(0, payload.size() - 28))));
        ASSERT_TRUE(transaction->commit());
    }
    open();
    EXPECT_EQ(recalled("g1")->position, 100U);
    EXPECT_EQ(recalled("g1")->tail, record::Tail{});
    EXPECT_EQ(recalled("g2")->position, 100U);
    EXPECT_EQ(recalled("g2")->fingerprint, mark("g1").fingerprint);
}

TEST_F(Positions, KeepTheirPlaceWhenTheMarkIsRememberedAgain) {
    remember(mark("g1", 100));
    positions().move_to(origin("g1"), 150);
    remember(mark("g1", 9999));  // ahead of what was committed
    commit();
    EXPECT_EQ(recalled("g1")->position, 150U);
}

TEST_F(Positions, OfUnknownFilesAndOfWhatIsNoFileAreNotKept) {
    positions().move_to(origin("g1"), 10);
    positions().update(mark("g2"));
    record::Origin stdin_origin = origin("g3");
    stdin_origin.is_file = false;
    positions().move_to(stdin_origin, 10);
    commit();
    EXPECT_TRUE(positions().recall("web").empty());
}

TEST_F(Positions, AreGoneWhenForgotten) {
    remember(mark("g1"));
    remember(mark("g2"));
    positions().forget("web", "g1");
    positions().move_to(origin("g1"), 10);
    commit();
    reopen();
    EXPECT_FALSE(recalled("g1").has_value());
    EXPECT_TRUE(recalled("g2").has_value());
}

TEST_F(Positions, KnowThatAFirstScanIsThroughEvenIfItFoundNothing) {
    ASSERT_TRUE(positions().mark_scanned("web"));
    reopen();
    EXPECT_TRUE(positions().scanned_before("web"));
    EXPECT_FALSE(positions().scanned_before("app"));
}

TEST_F(Positions, AnyDamagedByteIsNoticedAndTheRestIsGood) {
    remember(mark("g1", 1));
    remember(mark("g2", 2));
    ASSERT_TRUE(positions().mark_scanned("web"));
    close();
    const std::size_t size = [&] {
        const auto environment = raw();
        return (*environment->begin_read()->get(Table::Positions, position_key("web", "g1")))->size();
    }();
    for (std::size_t byte = 0; byte < size; byte += 5) {
        SCOPED_TRACE(byte);
        damage("g1", byte);
        const auto listed = read_marks(dir_.path());
        ASSERT_TRUE(listed.has_value());
        EXPECT_EQ(listed->marks.size(), 1U);
        ASSERT_EQ(listed->damaged.size(), 1U);
        EXPECT_EQ(listed->damaged[0].generation, "g1");
        damage("g1", byte);  // and back
    }
    damage("g1", size - 1);
    open();
    testing::internal::CaptureStderr();
    EXPECT_FALSE(recalled("g1").has_value());
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_THAT(log, HasSubstr("position_damaged"));
    EXPECT_THAT(log, HasSubstr("source=web"));
    EXPECT_THAT(log, HasSubstr("file=/var/log/g1.json"));
    EXPECT_EQ(recalled("g2")->position, 2U);
    EXPECT_TRUE(positions().scanned_before("web"));  // so that the file is read from its beginning
    commit();
    reopen();
    testing::internal::CaptureStderr();
    EXPECT_FALSE(recalled("g1").has_value());
    EXPECT_THAT(testing::internal::GetCapturedStderr(), Not(HasSubstr("position_damaged")));  // said once
}

TEST_F(Positions, StaleAreForgottenFinishedOnesSoonerThanOthers) {
    const base::WallTime seen = mark("g").last_seen;
    FileMark finished = mark("finished");
    finished.finished = true;
    remember(finished);
    remember(mark("unfinished", 3));
    close();

    const auto environment = raw();
    PositionKeeper keeper{*environment, health_};
    const auto sweep = [&](base::WallTime now) {
        keeper.sweep(now);
        auto transaction = environment->begin_write();
        ASSERT_TRUE(keeper.write(*transaction));
        ASSERT_TRUE(transaction->commit());
        keeper.committed();
    };
    sweep(seen + kKeepFinished);
    EXPECT_EQ(keeper.recall("web").size(), 2U);
    sweep(seen + kKeepFinished + std::chrono::hours{1});
    ASSERT_EQ(keeper.recall("web").size(), 1U);
    EXPECT_EQ(keeper.recall("web")[0].generation, "unfinished");
    testing::internal::CaptureStderr();
    sweep(seen + kKeepUnfinished + std::chrono::hours{1});
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("position_dropped"));
    EXPECT_TRUE(keeper.recall("web").empty());
}

}  // namespace
}  // namespace aep::store
