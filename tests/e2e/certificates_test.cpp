#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

/// A destination whose certificate cannot be trusted gets nothing, and nothing is lost over it.
class Certificates : public testing::Test {
  protected:
    static void expect_run_holds(const InletProcess& inlet, const std::string& ca_file) {
        AgentProcess agent;
        append(agent.file("events.ndjson"), event_lines(0, 100));
        agent.start(config(inlet, ca_file).file_source("app", agent.file("events.ndjson")));

        EXPECT_TRUE(eventually([&] { return agent.readiness().status == 503; }));
        EXPECT_TRUE(eventually(
            [&] { return agent.metrics().sum("aep_agent_destination_held", "destination=\"inlet\"") == 1; }));
        EXPECT_THAT(agent.readiness().body, HasSubstr("certificate"));
        EXPECT_EQ(agent.metrics().records("in_flight"), 100);
        EXPECT_EQ(agent.metrics().records("delivered"), 0);
        EXPECT_EQ(agent.metrics().records("dead_lettered"), 0);
        EXPECT_TRUE(agent.dead_letters().empty());
        EXPECT_EQ(read_file(inlet.entities_file()), "");
        EXPECT_THAT(agent.process().err(), HasSubstr("certificate"));
    }

    static void expect_send_gives_up(const InletProcess& inlet, const std::string& ca_file) {
        const TempDir dir;
        const std::string file = dir.write("events.ndjson", event_lines(0, 100));
        const auto began = Clock::now();
        const Outcome outcome = run_command(
            {"send", file, "-c", dir.write("agent.yaml", config(inlet, ca_file).yaml(0))}, dir.path());
        EXPECT_EQ(outcome.exit_code, 3);
        EXPECT_LT(Clock::now() - began, seconds{10});
        EXPECT_THAT(outcome.err, ContainsRegex("aep-agent send: gave up, .*certificate"));
        EXPECT_THAT(outcome.err, HasSubstr("0 delivered, 0 dead-lettered"));
        EXPECT_EQ(read_file(inlet.entities_file()), "");
    }

  private:
    static AgentConfig config(const InletProcess& inlet, const std::string& ca_file) {
        return AgentConfig{}.event_stream("events", "inlet").destination("inlet", inlet.url(), ca_file);
    }
};

TEST_F(Certificates, OfAnUnknownAuthorityAreNotTrusted) {
    const InletProcess inlet;
    const InletProcess stranger;
    expect_run_holds(inlet, stranger.ca_file());
    expect_send_gives_up(inlet, stranger.ca_file());
}

TEST_F(Certificates, ForAnotherHostAreNotTrusted) {
    const InletProcess inlet{{"--host-name", "inlet.example.com"}};  // its url says localhost
    expect_run_holds(inlet, inlet.ca_file());
    expect_send_gives_up(inlet, inlet.ca_file());
}

/// Refusals that an operator can cure hold the data as well.
class CurableRefusal : public testing::TestWithParam<int> {};

TEST_P(CurableRefusal, HoldsTheRecordsUntilItIsCured) {
    InletProcess inlet;
    inlet.set_fault("{\"status\":" + std::to_string(GetParam()) + "}");
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    append(agent.file("events.ndjson"), event_lines(0, 100));
    agent.start(AgentConfig::to(inlet).file_source("app", agent.file("events.ndjson")));
    EXPECT_TRUE(eventually(
        [&] { return agent.metrics().sum("aep_agent_destination_held", "destination=\"inlet\"") == 1; }));
    EXPECT_EQ(agent.readiness().status, 503);
    EXPECT_EQ(agent.metrics().records("in_flight"), 100);

    inlet.clear_fault();

    EXPECT_TRUE(eventually([&] { return entities.read() == 100; }, seconds{90})) << agent.process().err();
    EXPECT_TRUE(eventually([&] { return agent.readiness().status == 200; }));
    EXPECT_EQ(agent.metrics().sum("aep_agent_destination_held"), 0);
    EXPECT_TRUE(agent.dead_letters().empty());
}

INSTANTIATE_TEST_SUITE_P(Status, CurableRefusal, testing::Values(302, 401, 403, 404, 418),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace aep::e2e
