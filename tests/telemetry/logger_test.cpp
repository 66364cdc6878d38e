#include "telemetry/logger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace aep::telemetry {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Level = LogOptions::Level;
using namespace std::chrono_literals;

class LoggerTest : public testing::Test {
  protected:
    void pass(std::chrono::milliseconds time) { now_ += time; }
    void fail_on(const std::string& destination) {
        logger_.write(Level::Warn, "unreachable", "cannot connect", {{"destination", destination}});
    }

    std::vector<std::string> lines_;
    base::SteadyTime now_{};
    Logger logger_{[this](Level, std::string_view line) { lines_.emplace_back(line); },
                   [this] { return now_; }};
};

TEST_F(LoggerTest, WritesInfoAndAboveUnlessConfigured) {
    logger_.write(Level::Debug, "detail", "not shown", {});
    logger_.write(Level::Info, "started", "shown", {});
    EXPECT_THAT(lines_, ElementsAre(EndsWith("info started: shown")));
}

TEST_F(LoggerTest, FollowsTheConfiguredLevelAndFormat) {
    logger_.configure({.level = Level::Error, .format = LogOptions::Format::Json});
    logger_.write(Level::Warn, "w", "not shown", {});
    logger_.write(Level::Error, "e", "shown", {{"n", 3}});
    ASSERT_THAT(lines_, SizeIs(1));
    EXPECT_EQ(boost::json::parse(lines_[0]).at("n").as_string(), "3");
}

TEST_F(LoggerTest, CountsRepetitionsWithinTenSeconds) {
    for (int i = 0; i < 5; ++i) {
        fail_on("a");
        pass(1s);
    }
    EXPECT_THAT(lines_, ElementsAre(Not(HasSubstr("repeated"))));
    pass(5s);
    fail_on("a");
    EXPECT_THAT(lines_, ElementsAre(testing::_, EndsWith("destination=a repeated=4")));
}

TEST_F(LoggerTest, TellsSubjectsApart) {
    fail_on("a");
    fail_on("b");
    logger_.write(Level::Error, "other", "something else", {{"destination", "a"}});
    EXPECT_THAT(lines_, SizeIs(3));
}

TEST_F(LoggerTest, NeverHoldsBackInfo) {
    for (int i = 0; i < 3; ++i) logger_.write(Level::Info, "moved", "moved", {{"file", "x"}});
    EXPECT_THAT(lines_, SizeIs(3));
}

TEST_F(LoggerTest, TellsTheCountOfASubjectThatWentSilent) {
    fail_on("a");
    fail_on("a");
    fail_on("a");
    pass(10s);
    fail_on("b");
    EXPECT_THAT(lines_,
                ElementsAre(testing::_, EndsWith("destination=a repeated=2"), EndsWith("destination=b")));
}

TEST_F(LoggerTest, FlushTellsEveryCountOnce) {
    fail_on("a");
    fail_on("a");
    fail_on("b");
    lines_.clear();
    logger_.flush();
    EXPECT_THAT(lines_, ElementsAre(EndsWith("destination=a repeated=1")));
    logger_.flush();
    EXPECT_THAT(lines_, SizeIs(1));
}

TEST(Logger, TellsItsCountsWhenItGoes) {
    std::vector<std::string> lines;
    {
        Logger logger{[&](Level, std::string_view line) { lines.emplace_back(line); }};
        for (int i = 0; i < 3; ++i) logger.write(Level::Error, "lost", "lost", {{"what", "x"}});
    }
    EXPECT_THAT(lines, ElementsAre(testing::_, EndsWith("repeated=2")));
}

TEST_F(LoggerTest, RemembersABoundedNumberOfSubjectsAndLosesNoCount) {
    fail_on("first");
    fail_on("first");
    lines_.clear();
    for (std::size_t i = 1; i < RepeatFilter::kMaxKeys; ++i) fail_on(std::to_string(i));
    EXPECT_THAT(lines_, Not(testing::Contains(HasSubstr("first"))));
    fail_on("one more");
    EXPECT_THAT(lines_, testing::Contains(EndsWith("destination=first repeated=1")));
    EXPECT_THAT(lines_, SizeIs(RepeatFilter::kMaxKeys + 1));
}

TEST_F(LoggerTest, CutsLongValuesBetweenCharacters) {
    std::string value(Logger::kMaxValue - 1, 'x');
    value += "ä and more";
    logger_.write(Level::Info, "long", "long", {{"value", value}});
    EXPECT_THAT(lines_, ElementsAre(EndsWith("=" + std::string(Logger::kMaxValue - 1, 'x') + "...")));
}

TEST(Logger, OutlivesASinkThatThrows) {
    Logger logger{[](Level, std::string_view) { throw std::runtime_error{"no stderr"}; }};
    logger.write(Level::Error, "code", "sentence", {});
    logger.flush();
}

TEST(Logger, WritesWholeLinesFromManyThreads) {
    std::vector<std::string> lines;
    Logger logger{[&](Level, std::string_view line) { lines.emplace_back(line); }};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&logger, t] {
                for (int i = 0; i < 100; ++i) {
                    logger.write(Level::Info, "step", "done", {{"thread", t}});
                    logger.write(Level::Warn, "again", "again", {{"thread", t}});
                }
            });
        }
    }
    logger.flush();
    EXPECT_THAT(lines, SizeIs(4 * 100 + 4 + 4));
}

TEST(Log, GoesToStderr) {
    testing::internal::CaptureStderr();
    log::info("started", "the agent runs", {{"version", "1.2"}});
    log::error("log_test", "repeated", {{"n", 1}});
    log::error("log_test", "repeated", {{"n", 1}});
    log::flush();
    const std::string written = testing::internal::GetCapturedStderr();
    EXPECT_THAT(written, HasSubstr(" info started: the agent runs version=1.2\n"));
    EXPECT_THAT(written, HasSubstr(" error log_test: repeated n=1\n"));
    EXPECT_THAT(written, EndsWith("n=1 repeated=1\n"));
}

TEST(Log, DoesNotReadPlaceholdersInWhatItWrites) {
    testing::internal::CaptureStderr();
    log::info("braces", "{} %v", {{"value", "{0}%n"}});
    EXPECT_THAT(testing::internal::GetCapturedStderr(), EndsWith("braces: {} %v value={0}%n\n"));
}

}  // namespace
}  // namespace aep::telemetry
