#include "source/file_source.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <filesystem>

#include "fixture.hpp"

namespace aep::source {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::UnorderedElementsAre;
using Texts = std::vector<std::string>;

class FileSourceTest : public SourceTest {
  protected:
    FileSourceTest() { options_.include = {path("*.log")}; }
};

std::size_t open_descriptors() {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator{"/proc/self/fd"}, {}));
}

/// RLIMIT_NOFILE for as long as it lives.
class DescriptorLimit {
  public:
    explicit DescriptorLimit(rlim_t limit) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit lower = before_;
        lower.rlim_cur = limit;
        ::setrlimit(RLIMIT_NOFILE, &lower);
    }
    ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    DescriptorLimit(const DescriptorLimit&) = delete;
    DescriptorLimit& operator=(const DescriptorLimit&) = delete;

  private:
    rlimit before_{};
};

TEST_F(FileSourceTest, ReadsAFileAndWhatIsAppended) {
    append("a.log", "one\ntwo\n");
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    append("a.log", "three\n");
    ASSERT_TRUE(sees({"one", "two", "three"}));
    EXPECT_FALSE(source_->finished());
}

TEST_F(FileSourceTest, FillsInWhatTheRestOfTheAgentNeeds) {
    append("a.log", "one\ntwo\n");
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    const KeepingSink::Kept kept = sink_.kept().back();
    EXPECT_EQ(kept.position, 4U);
    EXPECT_EQ(kept.origin->source, "test");
    EXPECT_EQ(kept.origin->stream, "events");
    EXPECT_EQ(kept.origin->name, path("a.log"));
    EXPECT_EQ(kept.origin->generation.size(), 32U);
    EXPECT_TRUE(kept.origin->is_file);
    EXPECT_GT(kept.origin->reader, 0U);
    EXPECT_EQ(counters_.snapshot().read, 2U);
    EXPECT_EQ(counters_.snapshot().in_flight, 2U);
}

TEST_F(FileSourceTest, WaitsForTheEndOfALine) {
    append("a.log", "one\ntw");
    start();
    ASSERT_TRUE(sees({"one"}));
    append("a.log", "o");
    append("b.log", "other\n");
    ASSERT_TRUE(sees({"one", "other"}));
    append("a.log", "\n");
    ASSERT_TRUE(sees({"one", "other", "two"}));
}

TEST_F(FileSourceTest, ReadsALongLineThatGrowsByPieces) {
    start();
    std::string line;
    for (int i = 0; i < 50; ++i) {
        line += std::string(3000, static_cast<char>('a' + i % 26));
        append("a.log", std::string(3000, static_cast<char>('a' + i % 26)));
        append("b.log", std::to_string(i) + "\n");
        ASSERT_TRUE(eventually([&] { return sink_.count() == static_cast<std::size_t>(i) + 1; }));
    }
    append("a.log", "\nnext\n");
    ASSERT_TRUE(eventually([&] { return sink_.texts_of(path("a.log")) == Texts{line, "next"}; }));
}

TEST_F(FileSourceTest, ReadsRecordsLongerThanABlock) {
    const std::string big(900'000, 'x');
    append("a.log", "one\n" + big + "\ntwo\n");
    start();
    ASSERT_TRUE(sees({"one", big, "two"}));
}

TEST_F(FileSourceTest, KeepsTheBeginningOfAnOversizedRecord) {
    append("a.log", "one\n" + std::string(3'000'000, 'x') + "\r\ntwo\n");
    start();
    ASSERT_TRUE(sees({"one", std::string(4096, 'x'), "two"}));
    EXPECT_EQ(sink_.kept()[1].oversized, 3'000'000U);
    for (const std::size_t capacity : sink_.capacities())
        EXPECT_LE(capacity, (std::size_t{2} << 20U) + 300'000);
}

TEST_F(FileSourceTest, TakesLittleMemoryForLittleData) {
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    EXPECT_THAT(sink_.capacities(), ElementsAre(4096U));
    sink_.settle_at_once();
    EXPECT_TRUE(eventually([&] { return share_->used() == 0; }));
}

TEST_F(FileSourceTest, BeginsBehindTheLastLineEndWhereToldToStartAtTheEnd) {
    options_.start_at = SourceOptions::StartAt::End;
    append("a.log", "old\nunfinis");
    append("b.log", "old\n");
    start();
    ASSERT_TRUE(eventually([&] { return source_->progress().size() == 2; }));
    append("a.log", "hed\n");
    append("b.log", "new\n");
    append("c.log", "a later file\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() == 3; }));
    EXPECT_THAT(sink_.texts(), UnorderedElementsAre("unfinished", "new", "a later file"));
    EXPECT_EQ(sink_.kept()[0].position, 4U);
}

TEST_F(FileSourceTest, FindsFilesThatAppearInDirectoriesThatAppear) {
    options_.include = {path("logs/**/*.log")};
    start();
    append("logs/x/y/a.log", "deep\n");
    append("logs/b.log", "shallow\n");
    append("logs/x/.hidden/c.log", "hidden\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() == 2; }));
    EXPECT_THAT(sink_.texts(), UnorderedElementsAre("deep", "shallow"));
}

TEST_F(FileSourceTest, LeavesExcludedFilesOut) {
    options_.include = {path("**")};
    options_.exclude = {"*.gz", path("no/*")};
    append("a.gz", "compressed\n");
    append("no/b.log", "excluded\n");
    append("yes/c.log", "taken\n");
    start();
    ASSERT_TRUE(sees({"taken"}));
    append("d.gz", "compressed\n");
    append("yes/c.log", "again\n");
    ASSERT_TRUE(sees({"taken", "again"}));
}

TEST_F(FileSourceTest, DoesNotReadARenamedFileTwice) {
    options_.include = {path("a.log*")};
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    fs::rename(path("a.log"), path("a.log.1"));
    append("a.log", "two\n");
    ASSERT_TRUE(sees({"one", "two"}));
    append("a.log.1", "late\n");
    ASSERT_TRUE(sees({"one", "two", "late"}));
}

TEST_F(FileSourceTest, ReadsTheRestOfAFileThatWasRenamedAway) {
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    fs::rename(path("a.log"), path("a.old"));
    append("a.old", "late\n");
    append("a.log", "new\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() == 3; }));
    EXPECT_THAT(sink_.texts(), UnorderedElementsAre("one", "late", "new"));
}

TEST_F(FileSourceTest, ClosesADeletedFileAfterItsLastRecord) {
    append("a.log", "one\nunended");
    start();
    ASSERT_TRUE(sees({"one"}));
    sink_.settle_at_once();
    fs::remove(path("a.log"));
    ASSERT_TRUE(sees({"one", "unended"}));
    append("b.log", "two\n");
    ASSERT_TRUE(sees({"one", "unended", "two"}));
    EXPECT_TRUE(eventually([&] {
        const auto progress = source_->progress();
        return progress.size() == 1 && progress[0].read == 4;
    }));
}

TEST_F(FileSourceTest, ReadsATruncatedFileFromItsBeginningAsANewGeneration) {
    append("a.log", "one\ntwo\n");
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    fs::resize_file(path("a.log"), 0);
    ASSERT_TRUE(eventually([&] { return source_->progress().size() == 2; }));
    append("a.log", "three\n");
    ASSERT_TRUE(sees({"one", "two", "three"}));
    const auto kept = sink_.kept();
    EXPECT_EQ(kept[2].position, 0U);
    EXPECT_NE(kept[2].origin->generation, kept[1].origin->generation);
    EXPECT_NE(kept[2].origin->reader, kept[1].origin->reader);
    EXPECT_TRUE(source_->oldest_unsettled());
    sink_.settle_at_once();
    EXPECT_FALSE(source_->oldest_unsettled());
}

TEST_F(FileSourceTest, FollowsAFileBehindALink) {
    append("pods/x/0.txt", "one\n");
    fs::create_symlink(path("pods/x/0.txt"), path("a.log"));
    start();
    ASSERT_TRUE(sees({"one"}));
    append("pods/x/0.txt", "two\n");
    ASSERT_TRUE(sees({"one", "two"}));
}

TEST_F(FileSourceTest, ReadsJsonValuesWithoutWaitingForALineEnd) {
    options_.framing = Framing::Json;
    append("a.log", "[{\"a\":1},\n{\"b\"");
    start();
    ASSERT_TRUE(sees({"{\"a\":1}"}));
    append("a.log", ":2}");
    ASSERT_TRUE(sees({"{\"a\":1}", "{\"b\":2}"}));
    append("a.log", ", [3]]");
    ASSERT_TRUE(sees({"{\"a\":1}", "{\"b\":2}", "[3]"}));
}

TEST_F(FileSourceTest, TellsHowFarItIs) {
    append("a.log", "one\ntwo\nunend");
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    const auto one = [&] { return source_->progress().at(0); };
    EXPECT_TRUE(eventually([&] { return one().read == 8; }));
    EXPECT_EQ(one().size, 13U);
    EXPECT_EQ(one().settled, 0U);
    EXPECT_TRUE(source_->oldest_unsettled());
    sink_.settle_at_once();
    EXPECT_EQ(one().settled, 8U);
    EXPECT_FALSE(source_->oldest_unsettled());
    EXPECT_TRUE(counters_.snapshot().balanced());
}

TEST_F(FileSourceTest, LetsGoOfWhatAnIdleFileDoesNotNeedAndGoesOnAsTheSameReader) {
    append("a.log", "one\n");
    sink_.settle_at_once();
    start();
    ASSERT_TRUE(sees({"one"}));
    ASSERT_TRUE(eventually([&] { return sink_.kept()[0].ledger.expired(); }));
    append("a.log", "two\n");
    ASSERT_TRUE(sees({"one", "two"}));
    const auto kept = sink_.kept();
    EXPECT_EQ(kept[1].position, 4U);
    EXPECT_EQ(kept[1].origin->generation, kept[0].origin->generation);
    EXPECT_EQ(kept[1].origin->reader, kept[0].origin->reader);
    EXPECT_TRUE(eventually([&] { return source_->progress().at(0).settled == 8; }));
    EXPECT_EQ(source_->progress().size(), 1U);
    restart();
    append("a.log", "three\n");
    EXPECT_TRUE(sees({"one", "two", "three"}));
}

TEST_F(FileSourceTest, KeepsWhatAnIdleFileNeedsWhileARecordIsNotSettled) {
    append("a.log", "one\n");
    append("b.log", "one\ntwo\n");
    start();
    ASSERT_TRUE(sees({"one", "one", "two"}));
    sink_.settle_some(2);
    ASSERT_TRUE(eventually([&] { return sink_.kept()[0].ledger.expired(); }));
    EXPECT_FALSE(sink_.kept()[1].ledger.expired());
    EXPECT_EQ(source_->progress().at(1).settled, 4U);
    EXPECT_TRUE(source_->oldest_unsettled());
    sink_.settle_some(1);
    EXPECT_TRUE(eventually([&] { return sink_.kept()[1].ledger.expired(); }));
    EXPECT_EQ(source_->progress().at(1).settled, 8U);
}

TEST_F(FileSourceTest, FinishesAnIdleFileThatIsDeleted) {
    append("a.log", "one\n");
    sink_.settle_at_once();
    start();
    ASSERT_TRUE(sees({"one"}));
    ASSERT_TRUE(eventually([&] { return sink_.kept()[0].ledger.expired(); }));
    fs::remove(path("a.log"));
    EXPECT_TRUE(eventually([&] { return positions_.is_finished(sink_.kept()[0].origin->generation); }));
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(FileSourceTest, WaitsForMemoryAndGoesOnWhenItIsFreed) {
    limit_memory(std::size_t{2} << 20U);
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += std::string(500, 'x') + "\n";
    append("a.log", text);
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() > 0; }));
    EXPECT_TRUE(eventually([&] { return share_->used() > (std::size_t{1} << 20U); }));
    EXPECT_LT(sink_.count(), 20'000U);
    sink_.settle_at_once();
    EXPECT_TRUE(eventually([&] { return sink_.count() == 20'000; }));
    EXPECT_LE(sink_.most_memory(), (std::size_t{2} << 20U) + 100'000);
}

TEST_F(FileSourceTest, StopsWhileItWaitsForMemory) {
    limit_memory(1'000'000);
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += std::string(500, 'x') + "\n";
    append("a.log", text);
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() > 0; }));
    source_->stop();
    source_->stop();
    EXPECT_LT(sink_.count(), 20'000U);
    EXPECT_FALSE(source_->finished());
}

TEST_F(FileSourceTest, ServesSmallFilesBesideALargeOne) {
    limit_memory(std::size_t{3} << 20U);
    std::string text;
    for (int i = 0; i < 40'000; ++i) text += std::string(500, 'x') + "\n";
    append("a.log", text);
    append("b.log", "small\n");
    start();
    ASSERT_TRUE(eventually([&] { return sink_.texts_of(path("b.log")) == Texts{"small"}; }));
    EXPECT_LT(sink_.count(), 20'000U);
}

TEST_F(FileSourceTest, FollowsTenThousandFilesWithFewDescriptors) {
    sink_.settle_at_once();
    for (int i = 0; i < 10'000; ++i) append(std::to_string(i) + ".log", "first " + std::to_string(i) + "\n");
    const DescriptorLimit limit{256};
    const std::size_t allowed = 128 + 3;  // half of them, and those of inotify, its wake-up and a directory
    const std::size_t before = open_descriptors();
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 10'000; }));
    EXPECT_LE(open_descriptors(), before + allowed);
    for (int i = 0; i < 10'000; i += 100) append(std::to_string(i) + ".log", "second\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() == 10'100; }));
    EXPECT_LE(open_descriptors(), before + allowed);
}

}  // namespace
}  // namespace aep::source
