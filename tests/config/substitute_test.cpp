#include "config/substitute.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/fixture.hpp"

namespace aep::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// The header x-test of the good configuration, given as `yaml`.
class Substitute : public testing::Test {
  protected:
    LoadOutcome load_header(const std::string& yaml) const {
        return directory_.load_text(
            with(kGood, "    batch:", "    headers:\n      x-test: " + yaml + "\n    batch:"));
    }
    std::string header(const std::string& yaml) const {
        const LoadOutcome outcome = load_header(yaml);
        if (!outcome.config) return testing::PrintToString(directory_.lines(outcome.problems));
        return outcome.config->destination("inlet").delivery.headers.at(0).second;
    }
    std::vector<std::string> problems(const std::string& yaml) const {
        return directory_.lines(load_header(yaml).problems);
    }

    ConfigDirectory directory_;
};

TEST_F(Substitute, PutsVariablesIn) {
    directory_.set("NAME", "value");
    EXPECT_EQ(header("a-${NAME}-${NAME}"), "a-value-value");
}

TEST_F(Substitute, TakesTheDefaultForUnsetAndEmptyVariables) {
    directory_.set("EMPTY", "");
    EXPECT_EQ(header("${UNSET:-a}${EMPTY:-b}"), "ab");
}

TEST_F(Substitute, NeverAddsStructure) {
    directory_.set("NAME", "a: [b, {c: d}] # e");
    EXPECT_EQ(header("${NAME}"), "a: [b, {c: d}] # e");
}

TEST_F(Substitute, DoesNotLookIntoWhatItPutIn) {
    directory_.set("NAME", "${OTHER}");
    EXPECT_EQ(header("${NAME}"), "${OTHER}");
}

TEST_F(Substitute, LeavesALiteralWhereAskedTo) {
    EXPECT_EQ(header("$${NAME} $x $"), "${NAME} $x $");
}

TEST_F(Substitute, ReadsFilesWithoutTheLastNewline) {
    directory_.write("secret", "a b\n");
    EXPECT_EQ(header("${file:secret}"), "a b");
    EXPECT_EQ(header("${file:" + (directory_.path() / "secret").string() + "}"), "a b");
}

TEST_F(Substitute, BoundsFiles) {
    directory_.write("secret", std::string((std::size_t{64} << 10U) + 1, 'x'));
    EXPECT_THAT(
        problems("${file:secret}"),
        ElementsAre("agent.yaml:22:15: destinations[0].headers.x-test: ${file:secret}: it is larger than "
                    "64KiB"));
}

TEST_F(Substitute, ReportsWhatIsMissing) {
    EXPECT_THAT(
        problems("${UNSET}"),
        ElementsAre("agent.yaml:22:15: destinations[0].headers.x-test: the environment variable UNSET is not "
                    "set; set it, or give a default: ${UNSET:-default}"));
    EXPECT_THAT(problems("${file:none}"),
                ElementsAre(HasSubstr("${file:none}: cannot open it: No such file")));
    EXPECT_THAT(problems("${NAME"), ElementsAre(HasSubstr("'${' without '}'")));
    EXPECT_THAT(problems("${1X}"), ElementsAre(HasSubstr("${1X} does not name a variable")));
}

TEST_F(Substitute, WorksForNumbersAndIds) {
    directory_.set("WORKERS", "7");
    directory_.set("STREAM", "events");
    const LoadOutcome outcome = directory_.load_text(with(
        with(kGood, "memory_limit: 32MiB", "workers: ${WORKERS}"), "stream: events", "stream: ${STREAM}"));
    ASSERT_TRUE(outcome.config);
    EXPECT_EQ(outcome.config->agent.workers, 7U);
}

TEST_F(Substitute, NeverShowsItsValuesInProblems) {
    directory_.set("DATASET", "s3cret");
    const auto lines = directory_.lines(
        directory_.load_text(with(kGood, "5e30d7986c0cc218a85cee65", "${DATASET}")).problems);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_THAT(lines[0], HasSubstr("the value of ${DATASET} is not a dataset id"));
    EXPECT_THAT(lines[0], Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace aep::config
