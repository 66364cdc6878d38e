#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kRecords = 50'000;

/// Lines of events, the last one without its newline.
std::string lines_without_last_newline(std::uint64_t count) {
    std::string lines = event_lines(0, count);
    lines.pop_back();
    return lines;
}

class Stdin : public testing::Test {
  protected:
    void expect_each_delivered_once() {
        EXPECT_EQ(entities_.read(), kRecords);
        EXPECT_TRUE(entities_.missing(event_ids(0, kRecords)).empty());
        EXPECT_EQ(entities_.duplicates(), 0U);
    }

    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
};

TEST_F(Stdin, IsDeliveredToItsEndByRun) {
    AgentProcess agent;
    agent.start_quietly(AgentConfig::to(inlet_).stdin_source(), Process::Input::Pipe);

    ASSERT_TRUE(agent.process().write(lines_without_last_newline(kRecords)));
    agent.process().close_input();

    EXPECT_EQ(agent.process().wait(seconds{120}), 0) << agent.process().err();
    expect_each_delivered_once();
}

TEST_F(Stdin, WithBrokenRecordsEndsRunWithExitCodeOne) {
    AgentProcess agent;
    agent.start_quietly(AgentConfig::to(inlet_).stdin_source(), Process::Input::Pipe);

    ASSERT_TRUE(agent.process().write(event(0) + "\nno record\n" + event(1)));
    agent.process().close_input();

    EXPECT_EQ(agent.process().wait(), 1) << agent.process().err();
    EXPECT_EQ(entities_.read(), 2U);
    EXPECT_EQ(agent.dead_letters().size(), 1U);
}

TEST_F(Stdin, IsDeliveredToItsEndBySend) {
    const TempDir dir;
    const std::string config = dir.write("agent.yaml", AgentConfig::to(inlet_).yaml(0));
    Process send{{.command = {AEP_AGENT_BINARY, "send", "-", "-c", config},
                  .directory = dir.path(),
                  .name = "send",
                  .input = Process::Input::Pipe}};

    ASSERT_TRUE(send.write(lines_without_last_newline(kRecords)));
    send.close_input();

    EXPECT_EQ(send.wait(seconds{120}), 0) << send.err();
    EXPECT_THAT(send.err(), HasSubstr("read 50000 records"));
    EXPECT_THAT(send.err(), HasSubstr("50000 delivered, 0 dead-lettered"));
    expect_each_delivered_once();
}

TEST_F(Stdin, IsDeliveredWhenItIsEmpty) {
    AgentProcess agent;
    agent.start_quietly(AgentConfig::to(inlet_).stdin_source());  // /dev/null
    EXPECT_EQ(agent.process().wait(), 0) << agent.process().err();
    EXPECT_EQ(inlet_.stats().requests, 0U);
}

}  // namespace
}  // namespace aep::e2e
