#include <gmock/gmock.h>

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

}  // namespace
}  // namespace aep::source
