#include "source/glob.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "fixture.hpp"
#include "source/scanner.hpp"

namespace aep::source {
namespace {

namespace fs = std::filesystem;

TEST(Glob, MatchesWithinAName) {
    EXPECT_TRUE(matches_name("*.json", "a.json"));
    EXPECT_TRUE(matches_name("a?[0-9].log", "ab7.log"));
    EXPECT_FALSE(matches_name("*.json", "a.json.gz"));
    EXPECT_FALSE(matches_name("*", ".hidden"));
    EXPECT_TRUE(matches_name("a\\*", "a*"));
    EXPECT_FALSE(matches_name("a\\*", "ab"));
}

TEST(Glob, ExcludesByNameWithoutASlashAndByPathWithOne) {
    EXPECT_TRUE(is_excluded("*.gz", "/var/log/a.gz"));
    EXPECT_TRUE(is_excluded("*.gz", "/var/log/.a.gz"));
    EXPECT_FALSE(is_excluded("*.gz", "/var/log.gz/a"));
    EXPECT_TRUE(is_excluded("/var/*/a.log", "/var/log/a.log"));
    EXPECT_FALSE(is_excluded("/var/*", "/var/log/a.log"));
    EXPECT_TRUE(is_excluded("/var/**", "/var/log/a.log"));
    EXPECT_TRUE(is_excluded("/**/old/**/*.log", "/var/old/a.log"));
    EXPECT_TRUE(is_excluded("/**/old/**/*.log", "/old/x/y/a.log"));
    EXPECT_FALSE(is_excluded("/**/old/**/*.log", "/var/older/a.log"));
}

TEST(Glob, IsQuickOnHostilePatterns) {
    std::string pattern;
    std::string file;
    for (int i = 0; i < 200; ++i) pattern += "/**/a";
    for (int i = 0; i < 400; ++i) file += "/a";
    EXPECT_FALSE(is_excluded(pattern + "/b", file));
}

class ScannerTest : public SourceTest {
  protected:
    std::vector<std::string> scan(std::vector<std::string> include, std::vector<std::string> exclude = {}) {
        for (std::string& pattern : include) pattern = path(pattern);
        const Scanner::Found found = Scanner{std::move(include), std::move(exclude)}.scan(
            [&](const std::string& directory) { directories_.insert(directory); });
        std::vector<std::string> names;
        for (const FoundFile& file : found.files)
            names.push_back(fs::relative(file.path, directory_).string());
        missing_ = found.missing.size();
        return names;
    }

    std::set<std::string> directories_;
    std::size_t missing_ = 0;
};

using Names = std::vector<std::string>;

TEST_F(ScannerTest, FindsFilesInTheOrderOfTheGlobsAndThenByName) {
    for (const char* name : {"b.log", "a.log", "c.txt", "d/e.log"}) append(name, "x");
    EXPECT_EQ(scan({"c.txt", "*.log", "*"}), (Names{"c.txt", "a.log", "b.log"}));
    EXPECT_EQ(scan({"*/*.log"}), (Names{"d/e.log"}));
    EXPECT_EQ(scan({"**/*.log"}), (Names{"a.log", "b.log", "d/e.log"}));
    EXPECT_EQ(scan({"**"}, {"*.log"}), (Names{"c.txt"}));
    EXPECT_EQ(missing_, 0U);
}

TEST_F(ScannerTest, TellsWhichIncludesNameNothing) {
    append("a.log", "x");
    EXPECT_EQ(scan({"*.txt", "a.log", "none/b.log"}), (Names{"a.log"}));
    EXPECT_EQ(missing_, 2U);
}

TEST_F(ScannerTest, NamesTheDirectoryInWhichANewNameWouldMatter) {
    fs::create_directory(path("d"));
    std::ignore = scan({"d/x/y/*.log"});
    EXPECT_TRUE(directories_.contains(path("d")));
    std::ignore = scan({"e/f.log"});
    EXPECT_TRUE(directories_.contains(directory_.string()));
}

TEST_F(ScannerTest, FindsAFileWithSeveralNamesOnce) {
    append("a.log", "x");
    fs::create_hard_link(path("a.log"), path("b.log"));
    fs::create_symlink(path("a.log"), path("c.log"));
    EXPECT_EQ(scan({"*.log"}), (Names{"a.log"}));
}

TEST_F(ScannerTest, DoesNotWalkInCircles) {
    append("d/a.log", "x");
    fs::create_directory_symlink(directory_, path("d/up"));
    EXPECT_EQ(scan({"**/*.log"}), (Names{"d/a.log"}));
}

TEST_F(ScannerTest, StopsAtItsDepth) {
    std::string deep;
    for (std::size_t i = 0; i < Scanner::kMaxDepth + 5; ++i) deep += "d/";
    append(deep + "a.log", "x");
    append("d/b.log", "x");
    EXPECT_EQ(scan({"**/*.log"}), (Names{"d/b.log"}));
}

}  // namespace
}  // namespace aep::source
