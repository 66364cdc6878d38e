#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "fixture.hpp"
#include "source/file_source.hpp"

// What a reload does with a file source, between its stop() and its next start().
namespace aep::source {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class ReloadTest : public SourceTest {
  protected:
    ReloadTest() { options_.include = {path("*.log")}; }

    [[nodiscard]] std::uint64_t in_flight() const { return counters_.snapshot().in_flight; }
};

TEST_F(ReloadTest, ReadsWhatIsNotSettledOnceMoreAfterARewind) {
    append("a.log", "one\ntwo\nthree\n");
    append("b.log", "four\n");
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 4; }));
    source_->stop();
    sink_.settle_some(1);
    sink_.abandon();
    ASSERT_TRUE(source_->can_rewind());
    source_->rewind();
    EXPECT_EQ(in_flight(), 3U);

    sink_.settle_at_once();
    source_->start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 7; }));
    ASSERT_TRUE(eventually([&] { return in_flight() == 0; }));
    EXPECT_EQ(counters_.snapshot().read, 4U);
    EXPECT_EQ(counters_.snapshot().delivered, 4U);
    std::map<std::pair<std::string, std::uint64_t>, int> seen;
    for (const auto& one : sink_.kept()) ++seen[{one.origin->generation, one.position}];
    EXPECT_EQ(seen.size(), 4U) << "the same records, by generation and position";
}

TEST_F(ReloadTest, PassesOverWhatWasSettledBeforeItsTurnAtEveryRewind) {
    append("a.log", "one\ntwo\nthree\n");
    start();
    ASSERT_TRUE(sees({"one", "two", "three"}));
    source_->stop();
    const std::shared_ptr<record::Ledger> ledger = sink_.kept()[0].ledger.lock();
    ASSERT_NE(ledger, nullptr);
    ledger->settle(0, 1, 1, record::Outcome::Delivered);  // "two"
    for (int i = 0; i < 2; ++i) {
        sink_.abandon();
        source_->rewind();
        source_->start();
        ASSERT_TRUE(eventually([&] { return sink_.count() == 3U + 2 * static_cast<std::size_t>(i + 1); }));
        EXPECT_FALSE(source_->is_done());
        source_->stop();
    }
    EXPECT_THAT(sink_.texts(), ElementsAre("one", "two", "three", "one", "three", "one", "three"));
    sink_.settle_at_once();
    EXPECT_TRUE(source_->is_done());
    EXPECT_EQ(counters_.snapshot().read, 3U);
    EXPECT_EQ(counters_.snapshot().delivered, 3U);
    EXPECT_TRUE(counters_.snapshot().balanced());
}

TEST_F(ReloadTest, RewindsARotatedFile) {
    append("a.log", "one\ntwo\n");
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    fs::rename(path("a.log"), path("a.log.1"));
    append("a.log", "three\n");
    ASSERT_TRUE(sees({"one", "two", "three"}));
    source_->stop();
    sink_.abandon();
    source_->rewind();
    sink_.settle_at_once();
    source_->start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 6; }));
    EXPECT_EQ(counters_.snapshot().read, 3U);
    EXPECT_TRUE(eventually([&] { return in_flight() == 0; }));
}

TEST_F(ReloadTest, CannotRewindWhatOnlyMemoryHas) {
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    fs::remove(path("a.log"));
    // Read to its end it is followed for a while: only then nobody can open it any more.
    ASSERT_TRUE(eventually([&] {
        source_->stop();
        if (!source_->can_rewind()) return true;
        source_->start();
        return false;
    }));
    sink_.settle_some(1);
    EXPECT_TRUE(source_->can_rewind());
}

TEST_F(ReloadTest, GoesOnWithOtherLimitsWhereItWas) {
    sink_.settle_at_once();
    append("a.log", "one\ntw");
    start();
    ASSERT_TRUE(sees({"one"}));
    source_->stop();
    options_.max_record = 16;
    ASSERT_TRUE(source_->reconfigure(options_));
    source_->start();
    append("a.log", "o\nthis one is longer than sixteen\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() == 3; }));
    EXPECT_EQ(sink_.texts()[1], "two");
    EXPECT_GT(sink_.kept()[2].oversized, 16U);
}

TEST_F(ReloadTest, LeavesWhatIsNotAskedForAnyMoreAndTakesItUpAgain) {
    sink_.settle_at_once();
    append("a.log", "one\n");
    append("b.log", "two\n");
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 2; }));
    source_->stop();
    options_.exclude = {path("a.log")};
    ASSERT_TRUE(source_->reconfigure(options_));
    source_->start();
    append("a.log", "later\n");
    append("b.log", "three\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() == 3; }));
    EXPECT_EQ(sink_.texts()[2], "three");

    source_->stop();
    options_.exclude.clear();
    ASSERT_TRUE(source_->reconfigure(options_));
    source_->start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 4; }));
    EXPECT_EQ(sink_.texts()[3], "later");
}

TEST_F(ReloadTest, StillReadsWhatWasRotatedOutOfTheGlobs) {
    sink_.settle_at_once();
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    source_->stop();
    fs::rename(path("a.log"), path("a.log.1"));
    append("a.log.1", "two\n");
    append("a.log", "three\n");
    options_.max_record = 1000;
    ASSERT_TRUE(source_->reconfigure(options_));
    source_->start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 3; }));
    EXPECT_THAT(sink_.texts(), UnorderedElementsAre("one", "two", "three"));
}

TEST_F(ReloadTest, NoLongerWaitsForTheMemoryOfWhereItIsLedAwayFrom) {
    limit_memory(std::size_t{1} << 20U);
    const record::Lease all = share_->try_take(std::size_t{1} << 20U);
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(eventually([&] { return source_->progress().size() == 1; }));
    EXPECT_EQ(sink_.count(), 0U);

    record::MemoryBudget elsewhere{std::size_t{1} << 20U};
    sink_.settle_at_once();
    source_->redirect({.memory = &elsewhere.add_share("other"), .message_overhead = 500, .hold = nullptr});
    ASSERT_TRUE(sees({"one"}));
    source_->stop();
    source_.reset();
}

}  // namespace
}  // namespace aep::source
