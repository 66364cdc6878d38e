#include "source/one_shot_source.hpp"

#include <sys/stat.h>

#include "fixture.hpp"

namespace aep::source {
namespace {

class OneShotSourceTest : public SourceTest {
  protected:
    OneShotSourceTest() { options_.follow = false; }
};

TEST_F(OneShotSourceTest, ReadsFilesInOrderToTheirEnds) {
    append("b.log", "one\ntwo");
    append("a.log", "three\n");
    append("c.log", "");
    options_.include = {path("b.log"), path("*.log")};
    start();
    ASSERT_TRUE(finished());
    EXPECT_TRUE(sees({"one", "two", "three"}));
    EXPECT_EQ(finishes_, 1);
    EXPECT_EQ(source_->unreadable(), 0U);
    EXPECT_EQ(source_->progress().size(), 3U);
}

TEST_F(OneShotSourceTest, GivesTheSameFileTheSameGeneration) {
    append("a.log", "one\n");
    append("b.log", "one\n");
    append("c.log", "two\n");
    options_.include = {path("*.log")};
    start();
    ASSERT_TRUE(finished());
    const auto kept = sink_.kept();
    ASSERT_EQ(kept.size(), 3U);
    EXPECT_EQ(kept[0].origin->generation, kept[1].origin->generation);
    EXPECT_NE(kept[0].origin->generation, kept[2].origin->generation);
    EXPECT_EQ(kept[0].origin->generation.size(), 32U);
}

TEST_F(OneShotSourceTest, ReportsAMissingFileAndReadsTheOthers) {
    append("b.log", "one");
    options_.include = {path("a.log"), path("*.gz"), path(""), path("b.log")};
    start();
    ASSERT_TRUE(finished());
    EXPECT_TRUE(sees({"one"}));
    EXPECT_EQ(source_->unreadable(), 3U);
}

TEST_F(OneShotSourceTest, TakesANameThatLooksLikeAGlob) {
    append("a[1].log", "one\n");
    append("a1.log", "other\n");
    options_.include = {path("a[1].log")};
    start();
    ASSERT_TRUE(finished());
    EXPECT_TRUE(sees({"one"}));
}

TEST_F(OneShotSourceTest, YieldsAnUnendedOversizedRecord) {
    options_.max_record = 100;
    append("a.log", std::string(1'000'000, 'x'));
    options_.include = {path("a.log")};
    start();
    ASSERT_TRUE(finished());
    ASSERT_EQ(sink_.count(), 1U);
    EXPECT_EQ(sink_.kept()[0].oversized, 1'000'000U);
}

TEST_F(OneShotSourceTest, ReadsManyTinyRecordsInBoundedBlocks) {
    sink_.settle_at_once();
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "x\n";
    append("a.log", text);
    options_.include = {path("a.log")};
    start();
    ASSERT_TRUE(finished());
    EXPECT_EQ(sink_.count(), 100'000U);
    EXPECT_GE(sink_.capacities().size(), 100'000 / Framer::kMaxRecords);
}

TEST_F(OneShotSourceTest, MayBeStoppedFromItsOwnEnd) {
    append("a.log", "one\n");
    options_.include = {path("a.log")};
    start(make_source(options_, surroundings(), [this] { source_->stop(); }).value());
    ASSERT_TRUE(finished());
    EXPECT_TRUE(sees({"one"}));
}

}  // namespace
}  // namespace aep::source
