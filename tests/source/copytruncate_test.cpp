#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "fixture.hpp"
#include "source/file_source.hpp"

// Files that are copied and truncated, or truncated alone.
namespace aep::source {
namespace {

namespace fs = std::filesystem;
using testing::UnorderedElementsAre;
using Texts = std::vector<std::string>;

class CopyTruncateTest : public SourceTest {
  protected:
    CopyTruncateTest() { options_.include = {path("*.log")}; }

    void overwrite(const std::string& name, const std::string& text) const {
        std::ofstream{directory_ / name, std::ios::binary | std::ios::trunc} << text;
    }
    /// More lines than the memory holds; ends when the source waits for it.
    void fill_memory() {
        limit_memory(std::size_t{1} << 20U);
        std::string text;
        for (std::size_t i = 0; i < kLines; ++i) text += line(i) + '\n';
        append("a.log", text);
        size_ = text.size();
        start();
        ASSERT_TRUE(eventually([&] { return share_->used() > std::size_t{700'000}; }));
    }
    [[nodiscard]] static std::string line(std::size_t i) {
        return std::to_string(1'000'000 + i) + std::string(500, 'x');
    }
    static constexpr std::size_t kLines = 20'000;
    std::size_t size_ = 0;
};

TEST_F(CopyTruncateTest, NoticesATruncationToTheSameLength) {
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    overwrite("a.log", "two\n");
    ASSERT_TRUE(sees({"one", "two"}));
    const auto kept = sink_.kept();
    EXPECT_NE(kept[0].origin->generation, kept[1].origin->generation);
    EXPECT_EQ(kept[1].position, 0U);
}

TEST_F(CopyTruncateTest, NoticesATruncationToAGreaterLength) {
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    overwrite("a.log", "two\nthree\n");
    ASSERT_TRUE(sees({"one", "two", "three"}));
}

TEST_F(CopyTruncateTest, TellsFilesApartAsSoonAsTheyDiffer) {
    options_.include = {path("*")};
    append("a.log", "same\n");
    append("a.log.b", "same\n");
    start();
    append("a.log.b", "different\n");
    append("a.log", "others\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() == 4; }));
    EXPECT_THAT(sink_.texts(), UnorderedElementsAre("same", "same", "different", "others"));
}

TEST_F(CopyTruncateTest, CountsWhatWasTruncatedBeforeItWasRead) {
    fill_memory();
    fs::resize_file(path("a.log"), 0);
    append("a.log", "next\n");
    sink_.settle_at_once();
    ASSERT_TRUE(eventually([&] { return !sink_.texts().empty() && sink_.texts().back() == "next"; }));
    ASSERT_TRUE(eventually([&] { return source_->lost_bytes() > 0; }));
    const Texts texts = sink_.texts();
    ASSERT_LT(texts.size(), kLines);
    for (std::size_t i = 0; i + 1 < texts.size(); ++i) ASSERT_EQ(texts[i], line(i));
    EXPECT_EQ(source_->lost_bytes(), size_ - (texts.size() - 1) * (line(0).size() + 1));
}

TEST_F(CopyTruncateTest, ReadsTheRestInACopyOutsideOfTheGlobs) {
    fill_memory();
    fs::copy_file(path("a.log"), path("a.log.1"));
    fs::resize_file(path("a.log"), 0);
    append("a.log", "next\n");
    sink_.settle_at_once();
    ASSERT_TRUE(eventually([&] { return sink_.count() == kLines + 1; }));
    Texts texts = sink_.texts();
    std::sort(texts.begin(), texts.end());
    for (std::size_t i = 0; i < kLines; ++i) ASSERT_EQ(texts[i], line(i));
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(CopyTruncateTest, DoesNotReadACopyWithinTheGlobsTwice) {
    options_.include = {path("a.log*")};
    sink_.settle_at_once();
    append("a.log", "one\ntwo\n");
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    fs::copy_file(path("a.log"), path("a.log.1"));
    append("a.log.1", "only in the copy\n");
    fs::resize_file(path("a.log"), 0);
    append("a.log", "three\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() == 4; }));
    EXPECT_THAT(sink_.texts(), UnorderedElementsAre("one", "two", "three", "only in the copy"));
    restart();
    append("a.log.1", "late\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() == 5; }));
    EXPECT_EQ(sink_.texts().back(), "late");
}

TEST_F(CopyTruncateTest, WaitsForACopyThatIsBeingMade) {
    options_.include = {path("a.log*")};
    append("a.log", "one\ntwo\n");
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    append("a.log.1", "one\n");
    // Its directory has been looked at since when this is read.
    append("a.log.other", "other\n");
    ASSERT_TRUE(sees({"one", "two", "other"}));
    append("a.log.1", "two\n");
    fs::resize_file(path("a.log"), 0);
    append("a.log", "three\n");
    ASSERT_TRUE(sees({"one", "two", "other", "three"}));
    append("a.log.1", "late\n");
    ASSERT_TRUE(sees({"one", "two", "other", "three", "late"}));
}

TEST_F(CopyTruncateTest, ReadsACopyOfWhatIsNotTruncatedAsAFileOfItsOwn) {
    options_.include = {path("a.log*")};
    append("a.log", "one\n");
    start();
    ASSERT_TRUE(sees({"one"}));
    fs::copy_file(path("a.log"), path("a.log.bak"));
    ASSERT_TRUE(sees({"one", "one"}));
}

TEST_F(CopyTruncateTest, KnowsACopyThatLacksWhatWasReadLast) {
    options_.include = {path("a.log*")};
    sink_.settle_at_once();
    const std::string one = std::string(1'500, '1');
    append("a.log", one + '\n');
    start();
    ASSERT_TRUE(sees({one}));
    fs::copy_file(path("a.log"), path("copy"));
    append("a.log", "two\n");
    ASSERT_TRUE(sees({one, "two"}));
    // What is written between copying and truncating, and read at once.
    append("a.log", "three\n");
    ASSERT_TRUE(sees({one, "two", "three"}));
    fs::rename(path("copy"), path("a.log.copy"));
    fs::resize_file(path("a.log"), 0);
    append("a.log", "four\n");
    ASSERT_TRUE(sees({one, "two", "three", "four"}));
    append("a.log.copy", "late\n");
    ASSERT_TRUE(sees({one, "two", "three", "four", "late"}));
    restart();
    append("a.log", "five\n");
    ASSERT_TRUE(sees({one, "two", "three", "four", "late", "five"}));
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

/// A log that is copied and truncated while no agent runs.
class CopiedWhileDownTest : public SourceTest {
  protected:
    CopiedWhileDownTest() { options_.include = {path("a.log*")}; }

    /// Three lines, of which `settled` are; then the process is gone, and "four" is written.
    void crash_after(std::size_t settled, const std::string& header = "") {
        append("a.log", header + "one\ntwo\nthree\n");
        start();
        const std::size_t lines = header.empty() ? 3 : 4;
        ASSERT_TRUE(eventually([&] { return sink_.count() == lines; }));
        generation_ = sink_.kept()[0].origin->generation;
        sink_.settle_some(settled);
        crash();
        sink_.settle_at_once();
        append("a.log", "four\n");
    }
    void copy_to(const std::string& copy) const { fs::copy_file(path("a.log"), path(copy)); }
    void truncate(const std::string& text = "new\n") const {
        fs::resize_file(path("a.log"), 0);
        append("a.log", text);
    }
    /// What was handed over since the first `before` records, and under the old generation what and where.
    [[nodiscard]] testing::AssertionResult sees_again(std::size_t before, std::vector<std::string> old,
                                                      std::vector<std::string> others) const {
        std::vector<std::string> got_old;
        std::vector<std::string> got_others;
        const bool complete =
            eventually([&] { return sink_.count() == before + old.size() + others.size(); });
        const auto kept = sink_.kept();
        for (std::size_t i = before; i < kept.size(); ++i) {
            (kept[i].origin->generation == generation_ ? got_old : got_others).push_back(kept[i].text);
        }
        std::ranges::sort(got_others);
        std::ranges::sort(others);
        if (complete && got_old == old && got_others == others) return testing::AssertionSuccess();
        return testing::AssertionFailure() << "of the old one " << testing::PrintToString(got_old)
                                           << ", others " << testing::PrintToString(got_others);
    }

    std::string generation_;
};

TEST_F(CopiedWhileDownTest, IsReadOnInTheCopyUnderTheSameGeneration) {
    crash_after(2);
    copy_to("a.log.1");
    truncate();
    start();
    EXPECT_TRUE(sees_again(3, {"three", "four"}, {"new"}));
    EXPECT_EQ(sink_.texts_of(path("a.log.1")), (Texts{"three", "four"}));
    const auto kept = sink_.kept();
    EXPECT_EQ(std::ranges::find(kept.rbegin(), kept.rend(), "three", &KeepingSink::Kept::text)->position, 8U);
    restart();
    append("a.log.1", "late\n");
    EXPECT_TRUE(sees_again(3, {"three", "four", "late"}, {"new"}));
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(CopiedWhileDownTest, IsReadOnInACopyOutsideOfTheGlobs) {
    options_.include = {path("a.log")};
    crash_after(1);
    copy_to("a.log.1");
    truncate();
    start();
    EXPECT_TRUE(sees_again(3, {"two", "three", "four"}, {"new"}));
}

TEST_F(CopiedWhileDownTest, IsReadOnInACopyWhoseNameComesFirst) {
    options_.include = {path("a*.log")};
    crash_after(3);
    copy_to("a-20260131.log");
    truncate();
    start();
    EXPECT_TRUE(sees_again(3, {"four"}, {"new"}));
}

TEST_F(CopiedWhileDownTest, KeepsItsGenerationWhenNothingWasSettled) {
    crash_after(0);
    copy_to("a.log.1");
    truncate();
    start();
    EXPECT_TRUE(sees_again(3, {"one", "two", "three", "four"}, {"new"}));
}

TEST_F(CopiedWhileDownTest, IsKnownByWhatWasWrittenAfterItWasTruncatedToNothing) {
    positions_.hold_back();
    append("a.log", "before\n");
    start();
    ASSERT_TRUE(sees({"before"}));
    positions_.meanwhile([this] { append("a.log", "one\n"); });
    fs::resize_file(path("a.log"), 0);
    ASSERT_TRUE(sees({"before", "one"}));
    generation_ = sink_.kept()[1].origin->generation;
    crash();
    copy_to("a.log.1");
    truncate();
    start();
    EXPECT_TRUE(sees_again(2, {"one"}, {"new"}));
}

TEST_F(CopiedWhileDownTest, IsReadOnItselfUntilItIsTruncated) {
    crash_after(2);
    copy_to("a.log.1");
    start();
    EXPECT_TRUE(sees_again(3, {"three", "four"}, {}));
    EXPECT_EQ(sink_.texts_of(path("a.log")), (Texts{"one", "two", "three", "three", "four"}));
    truncate();
    EXPECT_TRUE(sees_again(3, {"three", "four"}, {"new"}));
    append("a.log.1", "late\n");
    EXPECT_TRUE(sees_again(3, {"three", "four", "late"}, {"new"}));
}

TEST_F(CopiedWhileDownTest, IsReadOnItselfUntilItIsTruncatedWhenNothingWasSettled) {
    options_.include = {path("a*.log")};
    crash_after(0);
    copy_to("a-20260131.log");
    start();
    EXPECT_TRUE(sees_again(3, {"one", "two", "three", "four"}, {}));
    truncate();
    EXPECT_TRUE(sees_again(3, {"one", "two", "three", "four"}, {"new"}));
}

TEST_F(CopiedWhileDownTest, IsToldFromLaterCopiesThatBeginAlike) {
    const std::string header = std::string(1500, 'h') + "\n";
    crash_after(3, header);
    copy_to("a.log.2");
    truncate(header + "another 1\nanother 2\n");
    copy_to("a.log.1");
    truncate(header + "new, and longer than what was read before\n");
    start();
    const std::string first = header.substr(0, 1500);
    EXPECT_TRUE(
        sees_again(4, {"three", "four"},
                   {first, first, "another 1", "another 2", "new, and longer than what was read before"}));
}

TEST_F(CopiedWhileDownTest, IsReadAnewWhereItHasGrownAgainBehindTheSameBeginning) {
    const std::string header = std::string(1500, 'h') + "\n";
    crash_after(4, header);
    truncate(header + "another 1\nanother 2\nanother 3\n");
    start();
    EXPECT_TRUE(sees_again(4, {}, {header.substr(0, 1500), "another 1", "another 2", "another 3"}));
}

TEST_F(CopiedWhileDownTest, IsReadOnItselfWhereItWasCopiedAndRenamed) {
    options_.include = {path("a.log"), path("a.log.1")};
    crash_after(2);
    copy_to("a.log.1");
    fs::rename(path("a.log"), path("a.log.old"));
    append("a.log.old", "five\n");
    append("a.log", "new\n");
    start();
    ASSERT_TRUE(eventually([&] {
        const Texts texts = sink_.texts_of(path("a.log.old"));
        return !texts.empty() && texts.back() == "five";
    }));
    EXPECT_EQ(sink_.texts_of(path("a.log.old")), (Texts{"three", "four", "five"}));
}

TEST_F(CopiedWhileDownTest, IsKnownByAPositionOfAnEarlierVersionOnceThatWasUsed) {
    crash_after(3);
    positions_.forget_tails();
    start();
    ASSERT_TRUE(sees_again(3, {"four"}, {}));
    ASSERT_TRUE(eventually([&] { return positions_.recall("test").at(0).position == 19; }));
    crash();
    positions_.forget_tails();
    start();
    ASSERT_TRUE(eventually([&] { return positions_.recall("test").at(0).tail.end == 19; }));
    crash();
    copy_to("a.log.1");
    truncate();
    start();
    EXPECT_TRUE(sees_again(3, {"four"}, {"new"}));
}

TEST_F(CopiedWhileDownTest, IsNotReadOnInAFileThatReplacedIt) {
    const std::string header = std::string(1500, 'h') + "\n";
    crash_after(4, header);
    append("new", header + "one\nTWO\nthree\nfour\n");
    fs::rename(path("new"), path("a.log"));
    start();
    EXPECT_TRUE(sees_again(4, {}, {header.substr(0, 1500), "one", "TWO", "three", "four"}));
}

TEST_F(CopiedWhileDownTest, IsNotReadOnInALaterFileThatHoldsTheSameWhereItIsGone) {
    crash_after(3);
    fs::rename(path("a.log"), path("gone"));
    fs::remove(path("gone"));
    append("a.log.1", "one\ntwo\nthree\nfour\n");
    append("a.log", "new\n");
    start();
    EXPECT_TRUE(sees_again(3, {}, {"one", "two", "three", "four", "new"}));
}

TEST_F(CopiedWhileDownTest, IsReadOnInTheOldestOfCopiesThatAreAlike) {
    crash_after(3);
    copy_to("a.log.2");
    truncate("one\ntwo\nthree\nfour\n");
    copy_to("a.log.1");
    truncate();
    fs::last_write_time(path("a.log.2"), fs::last_write_time(path("a.log.1")) - std::chrono::hours{1});
    start();
    EXPECT_TRUE(sees_again(3, {"four"}, {"one", "two", "three", "four", "new"}));
    EXPECT_EQ(sink_.texts_of(path("a.log.2")), (Texts{"four"}));
}

TEST_F(CopiedWhileDownTest, IsReadFromTheBeginningOfItsCopyWhereNothingProvesIt) {
    crash_after(3);
    positions_.forget_tails();
    copy_to("a.log.1");
    truncate();
    start();
    EXPECT_TRUE(sees_again(3, {}, {"one", "two", "three", "four", "new"}));
}

}  // namespace
}  // namespace aep::source
