#include "store/purge_letters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "store/done_lines.hpp"
#include "store/letter_reader.hpp"
#include "store/support.hpp"

namespace aep::store {
namespace {

using namespace testing_support;
using testing::ElementsAre;

std::string line(const std::string& code) {
    return R"({"time":"2026-01-31T12:00:00.123Z","code":")" + code +
           R"(","stream":"events","form":"record","content":"x"})";
}

class PurgeLettersTest : public testing::Test {
  protected:
    void SetUp() override {
        std::ofstream{file_} << line("a") << '\n' << line("b") << '\n' << line("a") << '\n' << "torn\n";
    }
    [[nodiscard]] base::Result<Purged> purge(const std::string& code, bool dry_run = false) const {
        return purge_letters(
            file_, [&](const StoredLetter* letter) { return letter != nullptr && letter->code == code; },
            dry_run);
    }

    TempDir dir_;
    const fs::path file_ = dir_.path() / "letters.ndjson";
};

TEST_F(PurgeLettersTest, TakesOutWhatIsChosenAndKeepsTheRestPrivate) {
    const auto purged = purge("a");
    ASSERT_TRUE(purged) << purged.error().message;
    EXPECT_EQ(purged->letters, 2U);
    EXPECT_EQ(purged->bytes, 2 * (line("a").size() + 1));
    EXPECT_THAT(lines_of(file_), ElementsAre(line("b"), "torn"));
    struct ::stat status {};
    ASSERT_EQ(::stat(file_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_THAT(files_in(dir_.path()), testing::SizeIs(1));
}

TEST_F(PurgeLettersTest, OnlyCountsInADryRun) {
    const std::string before = content_of(file_);
    EXPECT_EQ(purge("a", true)->letters, 2U);
    EXPECT_EQ(purge("c")->letters, 0U);
    EXPECT_EQ(content_of(file_), before);
}

TEST_F(PurgeLettersTest, RemovesAFileThatWouldBeEmpty) {
    const auto purged = purge_letters(
        file_, [](const StoredLetter*) { return true; }, false);
    ASSERT_TRUE(purged);
    EXPECT_EQ(purged->letters, 4U);
    EXPECT_TRUE(fs::is_empty(dir_.path()));
}

TEST_F(PurgeLettersTest, BringsNoReplayedLetterBack) {
    DoneLines done = DoneLines::of(file_);
    ASSERT_TRUE(done.add(std::vector<std::uint64_t>{2}));
    EXPECT_EQ(purge("a")->letters, 2U);
    EXPECT_THAT(lines_of(file_), ElementsAre("torn"));
    EXPECT_EQ(DoneLines::of(file_).count(), 0U);
}

TEST_F(PurgeLettersTest, LeavesAFileAloneThatSomebodyHolds) {
    const auto reader = LetterReader::open(file_, LetterReader::Hold::Exclusive);
    ASSERT_TRUE(reader);
    const auto purged = purge("a");
    ASSERT_FALSE(purged);
    EXPECT_EQ(purged.error().code, boost::system::errc::resource_unavailable_try_again);
}

TEST_F(PurgeLettersTest, LeavesTheFileAsItWasWhereTheDiskIsFull) {
    const std::string before = content_of(file_);
    const FileSizeLimit disk{10};
    EXPECT_FALSE(purge("a"));
    EXPECT_EQ(content_of(file_), before);
    EXPECT_THAT(files_in(dir_.path()), testing::SizeIs(1));
}

}  // namespace
}  // namespace aep::store
