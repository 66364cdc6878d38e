#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kRecords = 1'000;

class Shutdown : public testing::Test {
  protected:
    /// The agent has read all records and the inlet has none of them.
    void start_and_read(const std::string& agent_options, const std::string& destination) {
        append(agent_.file("events.ndjson"), event_lines(0, kRecords));
        config_ = AgentConfig::to(inlet_, destination)
                      .agent(agent_options)
                      .file_source("app", agent_.file("events.ndjson"));
        agent_.start(config_);
        ASSERT_TRUE(eventually([&] { return agent_.metrics().records("in_flight") == kRecords; }));
        ASSERT_EQ(entities_.read(), 0U);
    }

    void expect_drained() {
        EXPECT_EQ(agent_.process().wait(), 0) << agent_.process().err();
        EXPECT_EQ(entities_.read(), kRecords);
        EXPECT_TRUE(entities_.missing(event_ids(0, kRecords)).empty());
        EXPECT_EQ(entities_.duplicates(), 0U);
        EXPECT_THAT(agent_.last_line(), HasSubstr("read 1000, delivered 1000, dead-lettered 0, dropped 0"));
    }

    void expect_left_for_the_next_start() {
        EXPECT_THAT(agent_.last_line(), HasSubstr("not settled 1000: the next start takes them up again"));
        EXPECT_THAT(agent_.process().err(), Not(HasSubstr("abandoned")));
        inlet_.clear_fault();
        agent_.start(config_);
        EXPECT_TRUE(eventually([&] { return entities_.read() == kRecords; }));
        EXPECT_TRUE(entities_.missing(event_ids(0, kRecords)).empty());
    }

    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
    AgentConfig config_;
};

TEST_F(Shutdown, DeliversWhatWasReadAndWaitsForNoLinger) {
    start_and_read("shutdown_timeout: 1m", "batch: {linger: 1h}");
    agent_.process().signal(SIGTERM);
    expect_drained();
}

TEST_F(Shutdown, DoesTheSameOnCtrlC) {
    start_and_read("shutdown_timeout: 1m", "batch: {linger: 1h}");
    agent_.process().signal(SIGINT);
    expect_drained();
}

TEST_F(Shutdown, WithASecondSignalLeavesAtOnceAndSaysHowManyAreLeft) {
    inlet_.set_fault(R"({"stall":true})");
    start_and_read("shutdown_timeout: 10m", "batch: {linger: 20ms}");

    agent_.process().signal(SIGTERM);
    ASSERT_TRUE(eventually([&] { return agent_.process().err().find("stopping") != std::string::npos; }));
    EXPECT_TRUE(throughout([&] { return agent_.process().is_running(); }, milliseconds{500}));
    agent_.process().signal(SIGTERM);

    EXPECT_EQ(agent_.process().wait(seconds{10}), 0) << agent_.process().err();
    expect_left_for_the_next_start();
}

TEST_F(Shutdown, EndsAtItsTimeoutAndSaysHowManyAreLeft) {
    inlet_.set_fault(R"({"stall":true})");
    start_and_read("shutdown_timeout: 1s", "batch: {linger: 20ms}");

    agent_.process().signal(SIGTERM);

    EXPECT_EQ(agent_.process().wait(seconds{20}), 0) << agent_.process().err();
    expect_left_for_the_next_start();
}

TEST_F(Shutdown, WithRecordsOfStdinInMemoryOnlyHasToAbandonThem) {
    inlet_.set_fault(R"({"stall":true})");
    agent_.start(AgentConfig::to(inlet_).agent("shutdown_timeout: 500ms").stdin_source(),
                 Process::Input::Pipe);
    ASSERT_TRUE(agent_.process().write(event_lines(0, kRecords)));
    ASSERT_TRUE(eventually([&] { return agent_.metrics().records("in_flight") == kRecords; }));

    agent_.process().signal(SIGTERM);

    EXPECT_EQ(agent_.process().wait(seconds{20}), 3) << agent_.process().err();
    EXPECT_THAT(agent_.last_line(), HasSubstr("records_abandoned"));
    EXPECT_THAT(agent_.last_line(), HasSubstr("abandoned 1000"));
}

}  // namespace
}  // namespace aep::e2e
