#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/fixture.hpp"

namespace aep::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// The good configuration in two parts.
std::string first_part() {
    const std::string text{kGood};
    return text.substr(0, text.find("streams:"));
}
std::string second_part() {
    const std::string text{kGood};
    return text.substr(text.find("streams:"));
}

TEST(SeveralFiles, AreOneConfiguration) {
    const ConfigDirectory directory;
    directory.write("a.yaml", first_part());
    directory.write("b.yaml", second_part());
    directory.write("c.yaml", "agent: {workers: 3}\nsources:\n  - {id: pipe, type: stdin, stream: events}\n");
    const LoadOutcome outcome = directory.load({"a.yaml", "b.yaml", "c.yaml"});
    ASSERT_TRUE(outcome.config) << testing::PrintToString(directory.lines(outcome.problems));
    EXPECT_EQ(outcome.config->sources.size(), 2U);
    EXPECT_EQ(outcome.config->agent.workers, 3U);
    EXPECT_EQ(outcome.config->agent.memory_limit, 32U << 20U);
}

TEST(SeveralFiles, OfADirectoryAreItsYamlFilesInNameOrder) {
    const ConfigDirectory directory;
    directory.write("conf/20-streams.yaml", second_part());
    directory.write("conf/10-sources.yaml", first_part());
    directory.write("conf/.hidden.yaml", "nonsense");
    directory.write("conf/README.md", "nonsense");
    const LoadOutcome outcome = directory.load({"conf"});
    ASSERT_TRUE(outcome.config) << testing::PrintToString(directory.lines(outcome.problems));
    EXPECT_THAT(to_yaml(outcome.effective), testing::ContainsRegex("10-sources.yaml:1\n"));
}

TEST(SeveralFiles, AreMissedInAnEmptyDirectory) {
    const ConfigDirectory directory;
    directory.write("conf/README.md", "");
    EXPECT_THAT(directory.lines(directory.load({"conf"}).problems),
                ElementsAre("conf: the directory holds no *.yaml file; add one, or name a file"));
}

TEST(SeveralFiles, MayNotGiveAScalarTwice) {
    const ConfigDirectory directory;
    directory.write("a.yaml", kGood);
    directory.write("b.yaml", "agent:\n  memory_limit: 64MiB\n");
    EXPECT_THAT(
        directory.lines(directory.load({"a.yaml", "b.yaml"}).problems),
        ElementsAre("b.yaml:2:3: agent.memory_limit is given in two files; the other place is a.yaml:2:3, "
                    "remove one of them"));
}

TEST(SeveralFiles, MayNotDefineAnIdTwice) {
    const ConfigDirectory directory;
    directory.write("a.yaml", kGood);
    directory.write("b.yaml", "sources:\n  - {id: web, type: stdin, stream: events}\n");
    EXPECT_THAT(
        directory.lines(directory.load({"a.yaml", "b.yaml"}).problems),
        ElementsAre("b.yaml:2:10: sources[0].id: the source 'web' is defined twice; first at a.yaml:7:9, "
                    "rename or remove one of them"));
}

TEST(SeveralFiles, AreNamedOnce) {
    const ConfigDirectory directory;
    directory.write("a.yaml", kGood);
    EXPECT_THAT(directory.lines(directory.load({"a.yaml", "a.yaml"}).problems),
                ElementsAre("a.yaml: the file is named twice; name it once"));
}

TEST(SeveralFiles, AreReportedInTheirOrder) {
    const ConfigDirectory directory;
    directory.write("z.yaml", with(first_part(), "memory_limit", "memry_limit"));
    directory.write("a.yaml", with(second_part(), "linger", "lingr"));
    EXPECT_THAT(directory.lines(directory.load({"z.yaml", "a.yaml"}).problems),
                ElementsAre(HasSubstr("z.yaml:2:3: "), HasSubstr("a.yaml:11:31: ")));
}

}  // namespace
}  // namespace aep::config
