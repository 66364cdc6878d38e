#include "store/letter_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "store/letter_reader.hpp"
#include "store/support.hpp"

namespace aep::store {
namespace {

using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using Trouble = LetterFiles::Trouble;

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 30U;

class LetterFilesTest : public testing::Test {
  protected:
    static std::vector<std::string> numbered(int from, int to, std::size_t size = 0) {
        std::vector<std::string> lines;
        for (int i = from; i < to; ++i) lines.push_back(std::to_string(i) + std::string(size, '.') + "\n");
        return lines;
    }

    TempDir dir_;
};

TEST_F(LetterFilesTest, MakesItsFileWithTheFirstLine) {
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = kPlenty});
    EXPECT_THAT(files_in(dir_.path()), SizeIs(0));
    const auto done = files.append(numbered(0, 3));
    EXPECT_EQ(done.lines, 3U);
    EXPECT_EQ(done.trouble, Trouble::None);
    EXPECT_THAT(lines_in(dir_.path()), ElementsAre("0", "1", "2"));
    EXPECT_THAT(files_in(dir_.path())[0].filename().string(),
                testing::MatchesRegex("dead-letter-[0-9]+T[0-9]+Z-[0-9]+\\.ndjson"));
}

TEST_F(LetterFilesTest, KeepsItsFilesPrivate) {
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = kPlenty});
    EXPECT_EQ(files.append(numbered(0, 1)).lines, 1U);
    struct ::stat status {};
    ASSERT_EQ(::stat(files_in(dir_.path())[0].c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(LetterFilesTest, BeginsANewFileForEachProcess) {
    for (int i = 0; i < 3; ++i) {
        auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = kPlenty});
        EXPECT_EQ(files.append(numbered(i, i + 1)).lines, 1U);
    }
    EXPECT_THAT(files_in(dir_.path()), SizeIs(3));
    EXPECT_THAT(lines_in(dir_.path()), ElementsAre("0", "1", "2"));
}

TEST_F(LetterFilesTest, BeginsANewFileWhenOneIsLargeEnough) {
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = 800});
    for (int i = 0; i < 10; ++i) EXPECT_EQ(files.append(numbered(i, i + 1, 48)).lines, 1U);  // 50 bytes each
    EXPECT_THAT(files_in(dir_.path()), SizeIs(5));
    EXPECT_THAT(lines_in(dir_.path()), SizeIs(10));
}

TEST_F(LetterFilesTest, LetsOthersMakeRoomWhenItIsFull) {
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = 25});
    EXPECT_EQ(files.append(numbered(0, 5, 8)).lines, 2U);
    EXPECT_EQ(files.append(numbered(2, 5, 8)).trouble, Trouble::OverBudget);
    const auto only = files_in(dir_.path());
    ASSERT_THAT(only, SizeIs(1));
    EXPECT_TRUE(LetterReader::open(only[0], LetterReader::Hold::Exclusive).has_value());
    EXPECT_EQ(files.append(numbered(2, 5, 8)).trouble, Trouble::OverBudget);
    EXPECT_THAT(files_in(dir_.path()), SizeIs(1));
}

TEST_F(LetterFilesTest, LetsOthersMakeRoomOnAFullDisk) {
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = kPlenty});
    {
        const FileSizeLimit full{25};
        EXPECT_EQ(files.append(numbered(0, 5, 8)).lines, 2U);
        const auto only = files_in(dir_.path());
        ASSERT_THAT(only, SizeIs(1));
        EXPECT_TRUE(LetterReader::open(only[0], LetterReader::Hold::Exclusive).has_value());
    }
    EXPECT_EQ(files.append(numbered(2, 5, 8)).lines, 3U);
    EXPECT_THAT(files_in(dir_.path()), SizeIs(1));  // it goes on there
    EXPECT_THAT(lines_in(dir_.path()), SizeIs(5));
}

TEST_F(LetterFilesTest, WritesAsManyAsTheBudgetAllows) {
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = 25});
    EXPECT_EQ(files.append(numbered(0, 5, 8)).lines, 2U);  // 10 bytes each
    const auto full = files.append(numbered(2, 5, 8));
    EXPECT_EQ(full.lines, 0U);
    EXPECT_EQ(full.trouble, Trouble::OverBudget);
    EXPECT_THAT(full.error.message, HasSubstr("dead_letter.max_bytes (25)"));
    EXPECT_THAT(full.error.message, HasSubstr("purge"));
    EXPECT_EQ(files.bytes(), 20U);
}

TEST_F(LetterFilesTest, CountsTheFilesThatWereThereBefore) {
    std::ofstream{dir_.path() / "dead-letter-20260101T000000Z-1.ndjson"} << std::string(90, 'x');
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = 100});
    EXPECT_EQ(files.bytes(), 90U);
    EXPECT_EQ(files.append(numbered(0, 5, 8)).lines, 1U);
}

TEST_F(LetterFilesTest, GoesOnInANewFileWhenItsFileWasRemovedOrMoved) {
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = kPlenty});
    EXPECT_EQ(files.append(numbered(0, 1)).lines, 1U);
    fs::remove(files_in(dir_.path())[0]);
    EXPECT_EQ(files.append(numbered(1, 2)).lines, 1U);
    ASSERT_THAT(lines_in(dir_.path()), ElementsAre("1"));

    const TempDir elsewhere;
    fs::rename(files_in(dir_.path())[0], elsewhere.path() / "moved-1.ndjson");
    EXPECT_EQ(files.append(numbered(2, 3)).lines, 1U);
    EXPECT_THAT(lines_in(dir_.path()), ElementsAre("2"));
    EXPECT_THAT(lines_in(elsewhere.path()), ElementsAre("1"));
}

TEST_F(LetterFilesTest, TakesBackATornLineAndRepeatsNone) {
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = kPlenty});
    {
        const FileSizeLimit disk{1050};  // ten lines of 100 bytes and half of one
        const auto lines = numbered(10, 40, 97);
        const auto done = files.append(lines);
        EXPECT_EQ(done.lines, 10U);
        EXPECT_EQ(done.trouble, Trouble::Unwritable);
        EXPECT_EQ(fs::file_size(files_in(dir_.path())[0]), 1000U);
        EXPECT_EQ(files.append(std::span{lines}.subspan(10)).lines, 0U);
    }
    const auto rest = numbered(20, 40, 97);
    EXPECT_EQ(files.append(rest).lines, 20U);
    const auto written = lines_in(dir_.path());
    ASSERT_THAT(written, SizeIs(30));
    for (int i = 0; i < 30; ++i) EXPECT_EQ(std::stoi(written[static_cast<std::size_t>(i)]), 10 + i);
    EXPECT_THAT(files_in(dir_.path()), SizeIs(1)) << "a full disk leaves no trail of files";
}

TEST_F(LetterFilesTest, LeavesNoTrailOfFilesWhileNothingCanBeWritten) {
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = kPlenty});
    const FileSizeLimit disk{5};
    for (int i = 0; i < 10; ++i) EXPECT_EQ(files.append(numbered(0, 1, 20)).trouble, Trouble::Unwritable);
    EXPECT_LE(files_in(dir_.path()).size(), 1U);
    EXPECT_THAT(lines_in(dir_.path()), SizeIs(0));
}

TEST_F(LetterFilesTest, HoldsItsFileUntilItRestsAndThenContinuesIt) {
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = kPlenty});
    EXPECT_EQ(files.append(numbered(0, 1)).lines, 1U);
    const fs::path file = files_in(dir_.path())[0];
    EXPECT_TRUE(is_held(file));
    files.rest();
    EXPECT_FALSE(is_held(file));
    EXPECT_EQ(files.append(numbered(1, 2)).lines, 1U);
    EXPECT_THAT(lines_of(file), ElementsAre("0", "1"));
    EXPECT_TRUE(is_held(file));
}

TEST_F(LetterFilesTest, LeavesAFileToWhoTookItWhileItRested) {
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = kPlenty});
    EXPECT_EQ(files.append(numbered(0, 1)).lines, 1U);
    const fs::path first = files_in(dir_.path())[0];
    files.rest();
    const auto reader = LetterReader::open(first, LetterReader::Hold::Exclusive);
    ASSERT_TRUE(reader);
    EXPECT_EQ(files.append(numbered(1, 2)).lines, 1U);
    EXPECT_THAT(lines_of(first), ElementsAre("0"));
    EXPECT_THAT(files_in(dir_.path()), SizeIs(2));
}

TEST_F(LetterFilesTest, DropsTheOldestClosedFilesWhereTheyMayBeDropped) {
    auto files =
        LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = 800, .when_full = WhenFull::DropOldest});
    std::uint64_t dropped = 0;
    for (int i = 0; i < 100; ++i) {
        const auto done = files.append(numbered(i, i + 1, 48));  // two lines of 50 or 51 bytes a file
        EXPECT_EQ(done.lines, 1U) << i;
        for (const Removed& removed : done.dropped) dropped += removed.letters;
    }
    EXPECT_LE(files.bytes(), 800U);
    const auto left = lines_in(dir_.path());
    EXPECT_EQ(left.size() + dropped, 100U);
    EXPECT_GE(left.size(), 13U);
    for (std::uint64_t i = dropped; i < 100; ++i) {
        EXPECT_THAT(left, testing::Contains(testing::StartsWith(std::to_string(i) + ".")));
    }
}

TEST_F(LetterFilesTest, DropsAlsoWhereALotComesAtOnce) {
    auto files =
        LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = 800, .when_full = WhenFull::DropOldest});
    const auto lines = numbered(100, 200, 46);  // 50 bytes each
    std::size_t written = 0;
    std::uint64_t dropped = 0;
    for (int i = 0; i < 1000 && written < lines.size(); ++i) {
        const auto done = files.append(std::span{lines}.subspan(written));
        ASSERT_EQ(done.trouble, Trouble::None) << done.error.message;
        written += done.lines;
        for (const Removed& removed : done.dropped) dropped += removed.letters;
    }
    EXPECT_EQ(written, 100U);
    EXPECT_LE(files.bytes(), 800U);
    EXPECT_EQ(lines_in(dir_.path()).size() + dropped, 100U);
}

TEST_F(LetterFilesTest, DropsItsOwnFileWhereThatIsAllThereIs) {
    auto files =
        LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = 100, .when_full = WhenFull::DropOldest});
    for (int i = 0; i < 5; ++i) EXPECT_EQ(files.append(numbered(i, i + 1, 88)).lines, 1U) << i;
    EXPECT_THAT(lines_in(dir_.path()), ElementsAre(testing::StartsWith("4.")));
}

TEST_F(LetterFilesTest, DropsNoFileThatSomebodyReplays) {
    const fs::path old = dir_.path() / "dead-letter-20260101T000000Z-1.ndjson";
    std::ofstream{old} << std::string(90, 'x') << '\n';
    const auto reader = LetterReader::open(old, LetterReader::Hold::Exclusive);
    ASSERT_TRUE(reader);
    auto files =
        LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = 100, .when_full = WhenFull::DropOldest});
    EXPECT_EQ(files.append(numbered(0, 1, 30)).trouble, Trouble::OverBudget);
    EXPECT_TRUE(fs::exists(old));
}

TEST_F(LetterFilesTest, RemovesReplayedFilesBeforeItHolds) {
    fs::create_directory(dir_.path() / "replayed");
    std::ofstream{dir_.path() / "replayed" / "dead-letter-20260101T000000Z-1.ndjson"} << std::string(90, 'x');
    auto files = LetterFiles::in_directory({.dir = dir_.path(), .max_bytes = 100});
    EXPECT_EQ(files.bytes(), 90U);
    const auto done = files.append(numbered(0, 1, 30));
    EXPECT_EQ(done.lines, 1U);
    EXPECT_TRUE(done.dropped.empty());
    EXPECT_TRUE(fs::is_empty(dir_.path() / "replayed"));
}

TEST_F(LetterFilesTest, SaysWhichFileCannotBeOpened) {
    auto files = LetterFiles::in_directory({.dir = dir_.path() / "gone", .max_bytes = kPlenty});
    const auto done = files.append(numbered(0, 1));
    EXPECT_EQ(done.trouble, Trouble::Unwritable);
    EXPECT_THAT(done.error.message, HasSubstr((dir_.path() / "gone").string()));
    EXPECT_THAT(done.error.message, HasSubstr("No such file"));
}

TEST_F(LetterFilesTest, ContinuesTheOneFileItWasGiven) {
    const fs::path file = dir_.path() / "rejected-1.ndjson";
    std::ofstream{file} << "before\nan open line";
    auto files = LetterFiles::one_file(file);
    EXPECT_EQ(files.append(numbered(0, 2)).lines, 2U);
    EXPECT_THAT(lines_of(file), ElementsAre("before", "an open line", "0", "1"));
    EXPECT_EQ(files.bytes(), fs::file_size(file));
}

}  // namespace
}  // namespace aep::store
