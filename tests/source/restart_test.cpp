#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "fixture.hpp"
#include "source/file_source.hpp"
#include "source/read_at.hpp"

// What a file source knows of files over a restart.
namespace aep::source {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class RestartTest : public SourceTest {
  protected:
    RestartTest() { options_.include = {path("*.log")}; }

    void overwrite(const std::string& name, const std::string& text) const {
        std::ofstream{directory_ / name, std::ios::binary | std::ios::trunc} << text;
    }
    [[nodiscard]] record::FileMark mark_of(const std::string& name) {
        for (const record::FileMark& mark : positions_.recall("test")) {
            if (mark.path == path(name)) return mark;
        }
        return {};
    }
    [[nodiscard]] std::uint64_t inode_of(const std::string& name) const {
        return status_of(path(name)).value().identity.inode;
    }
    /// Makes "again.log" of this text, with this inode. False: the file system does not give it.
    [[nodiscard]] bool make_with_inode(std::uint64_t inode, const std::string& text) const {
        for (int i = 0; i < 1000; ++i) {
            const std::string name = std::to_string(i) + ".tmp";
            append(name, text);
            if (inode_of(name) != inode) continue;
            fs::rename(path(name), path("again.log"));
            return true;
        }
        return false;
    }
    [[nodiscard]] bool reuse_inode_of(const std::string& name, const std::string& text) const {
        const std::uint64_t inode = inode_of(name);
        fs::remove(path(name));
        return make_with_inode(inode, text);
    }
};

constexpr const char* kNoReuse = "this file system did not reuse the inode in 1000 files";

TEST_F(RestartTest, ContinuesBehindWhatWasSettledWithTheSameGeneration) {
    append("a.log", "one\ntwo\nthree\n");
    start();
    ASSERT_TRUE(sees({"one", "two", "three"}));
    sink_.settle_some(2);
    crash();
    start();
    ASSERT_TRUE(sees({"one", "two", "three", "three"}));
    const auto kept = sink_.kept();
    EXPECT_EQ(kept[3].origin->generation, kept[2].origin->generation);
    EXPECT_EQ(kept[3].position, kept[2].position);
    append("a.log", "four\n");
    ASSERT_TRUE(sees({"one", "two", "three", "three", "four"}));
    EXPECT_EQ(sink_.kept()[4].position, 14U);
}

TEST_F(RestartTest, ReadsNothingAgainThatWasSettled) {
    sink_.settle_at_once();
    append("a.log", "one\ntwo\nhal");
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    restart();
    append("a.log", "f\n");
    ASSERT_TRUE(sees({"one", "two", "half"}));
}

TEST_F(RestartTest, StartsAtTheEndOnlyInTheVeryFirstScan) {
    options_.start_at = SourceOptions::StartAt::End;
    sink_.settle_at_once();
    append("a.log", "old\n");
    start();
    ASSERT_TRUE(eventually([&] { return source_->progress().size() == 1; }));
    append("a.log", "new\n");
    ASSERT_TRUE(sees({"new"}));
    source_->stop();
    source_.reset();
    append("b.log", "while it was down\n");
    append("a.log", "also\n");
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 3; }));
    EXPECT_THAT(sink_.texts(), UnorderedElementsAre("new", "also", "while it was down"));
}

TEST_F(RestartTest, CountsAFirstScanThatFoundNothing) {
    options_.start_at = SourceOptions::StartAt::End;
    start();
    ASSERT_TRUE(eventually([&] { return positions_.scanned_before("test"); }));
    source_->stop();
    source_.reset();
    append("a.log", "while it was down\n");
    start();
    ASSERT_TRUE(sees({"while it was down"}));
}

TEST_F(RestartTest, HandsNothingOverThatItCannotRemember) {
    options_.start_at = SourceOptions::StartAt::End;
    append("a.log", "old\n");
    positions_.fail(true);
    start();
    ASSERT_TRUE(eventually([&] { return positions_.remembers() > 0; }));
    append("a.log", "new\n");
    append("b.log", "later\n");
    ASSERT_TRUE(eventually([&] { return positions_.remembers() > 1; }));
    EXPECT_EQ(sink_.count(), 0U);
    EXPECT_FALSE(positions_.scanned_before("test"));
    positions_.fail(false);
    ASSERT_TRUE(eventually([&] { return sink_.count() == 2; }));
    EXPECT_THAT(sink_.texts(), UnorderedElementsAre("new", "later"));
    EXPECT_TRUE(eventually([&] { return positions_.scanned_before("test"); }));
}

TEST_F(RestartTest, KnowsACopyWhoseOriginalHadAChangeToBeCommitted) {
    options_.include = {path("a.log*")};
    positions_.hold_back();
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    // Its first bytes are more by now, which is not committed yet.
    append("a.log", "two\n");
    ASSERT_TRUE(sees({"one", "two"}));
    const std::string generation = sink_.kept()[0].origin->generation;
    fs::copy_file(path("a.log"), path("a.log.1"));
    fs::resize_file(path("a.log"), 0);
    append("a.log", "three\n");
    ASSERT_TRUE(sees({"one", "two", "three"}));
    ASSERT_TRUE(eventually([&] { return mark_of("a.log.1").generation == generation; }));
    sink_.settle_at_once();
    restart();
    EXPECT_EQ(mark_of("a.log.1").generation, generation);
    append("a.log.1", "late\n");
    ASSERT_TRUE(sees({"one", "two", "three", "late"}));
}

TEST_F(RestartTest, KnowsAnEmptyFileByItsFirstBytesBeforeItHandsThemOver) {
    positions_.hold_back();
    append("a.log", "");
    start();
    ASSERT_TRUE(eventually([&] { return mark_of("a.log").inode != 0; }));
    append("a.log", "one\n");
    ASSERT_TRUE(sees({"one"}));
    EXPECT_EQ(mark_of("a.log").fingerprint.size, 4U);
    crash();
    start();
    ASSERT_TRUE(sees({"one", "one"}));
}

TEST_F(RestartTest, ReadsOnInAFileThatWasRotatedOutOfTheGlobsMeanwhile) {
    append("a.log", "one\ntwo\n");
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    sink_.settle_some(1);
    crash();
    append("a.log", "three\n");
    fs::rename(path("a.log"), path("a.1"));
    append("a.log", "new\n");
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 5; }));
    EXPECT_THAT(sink_.texts(), UnorderedElementsAre("one", "two", "two", "three", "new"));
    EXPECT_TRUE(eventually([&] { return mark_of("a.1").position == 4; }));
}

TEST_F(RestartTest, ReadsOnInAFileWithAnotherNameInTheGlobs) {
    options_.include = {path("a.log*")};
    append("a.log", "one\ntwo\n");
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    sink_.settle_at_once();
    crash();
    fs::rename(path("a.log"), path("a.log.1"));
    append("a.log", "new\n");
    append("a.log.1", "late\n");
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 4; }));
    EXPECT_THAT(sink_.texts(), UnorderedElementsAre("one", "two", "new", "late"));
}

TEST_F(RestartTest, ReadsAFileFromItsBeginningThatWasWrittenAnewWithTheSameLength) {
    sink_.settle_at_once();
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    source_->stop();
    source_.reset();
    overwrite("a.log", "two\n");
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    EXPECT_NE(sink_.kept()[0].origin->generation, sink_.kept()[1].origin->generation);
}

TEST_F(RestartTest, TakesAReusedInodeForANewFile) {
    sink_.settle_at_once();
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    source_->stop();
    source_.reset();
    if (!reuse_inode_of("a.log", "another\n")) GTEST_SKIP() << kNoReuse;
    start();
    ASSERT_TRUE(sees({"one", "another"}));
    EXPECT_NE(sink_.kept()[0].origin->generation, sink_.kept()[1].origin->generation);
}

TEST_F(RestartTest, TakesAReusedInodeForANewFileWhenItsBeginningAndItsSizeAreTheSame) {
    sink_.settle_at_once();
    const std::string beginning = std::string(2000, ' ') + "\n";
    append("a.log", beginning + "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    source_->stop();
    source_.reset();
    if (!reuse_inode_of("a.log", beginning + "two\n")) GTEST_SKIP() << kNoReuse;
    if (status_of(path("again.log")).value().identity.born == 0)
        GTEST_SKIP() << "this file system does not say when a file was made";
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(RestartTest, TakesTheInodeOfADeletedFileForANewFileWhileItRuns) {
    sink_.settle_at_once();
    const std::string beginning = std::string(2000, ' ') + "\n";
    append("a.log", beginning + "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    const std::string generation = sink_.kept()[0].origin->generation;
    const auto inode = inode_of("a.log");
    fs::remove(path("a.log"));
    ASSERT_TRUE(eventually([&] { return positions_.is_finished(generation); }));
    if (!make_with_inode(inode, beginning + "two\n")) GTEST_SKIP() << kNoReuse;
    ASSERT_TRUE(sees({"one", "two"}));
}

TEST_F(RestartTest, FinishesADeletedFileOnceItsRecordsAreSettled) {
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    fs::remove(path("a.log"));
    ASSERT_TRUE(eventually([&] { return source_->progress().empty() || source_->progress()[0].read == 4; }));
    EXPECT_FALSE(mark_of("a.log").finished);
    sink_.settle_at_once();
    append("b.log", "two\n");
    EXPECT_TRUE(eventually([&] { return mark_of("a.log").finished; }));
    EXPECT_EQ(mark_of("a.log").position, 4U);
}

TEST_F(RestartTest, FindsItsFilesAgainWhenTheirDirectoryComesBack) {
    options_.include = {path("logs/*.log")};
    sink_.settle_at_once();
    append("logs/a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    source_->stop();
    source_.reset();
    fs::rename(path("logs"), path("away"));
    start();
    ASSERT_TRUE(eventually([&] { return positions_.scanned_before("test"); }));
    append("away/a.log", "two\n");
    fs::rename(path("away"), path("logs"));
    ASSERT_TRUE(sees({"one", "two"}));
}

}  // namespace
}  // namespace aep::source
