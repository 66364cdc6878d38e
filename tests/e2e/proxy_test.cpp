#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/core.h>

#include "harness/agent_process.hpp"
#include "harness/connect_proxy.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// An inlet whose name only the proxy knows.
class ThroughProxy : public testing::Test {
  protected:
    [[nodiscard]] AgentConfig config(const std::string& more = "") const {
        AgentConfig config;
        config.event_stream("events", "inlet")
            .destination("inlet", inlet_.url("inlet.test"), inlet_.ca_file(),
                         "auth: platform" + (more.empty() ? "" : ", " + more));
        config.platform_auth(fmt::format(
            "{{type: oauth_server_to_server, token_url: '{}', client_id: me, client_secret: abc}}",
            inlet_.token_url("inlet.test")));
        config.file_source("app", agent_.file("events.ndjson"));
        return config;
    }
    void expect_all_delivered(std::uint64_t records) {
        EXPECT_TRUE(eventually([&] { return entities_.read() >= records; }, seconds{60}))
            << agent_.process().err();
        EXPECT_TRUE(entities_.missing(event_ids(0, records)).empty());
        EXPECT_EQ(entities_.duplicates(), 0U);
        EXPECT_TRUE(agent_.dead_letters().empty());
    }
    [[nodiscard]] bool is_held() const {
        return agent_.metrics().sum("aep_agent_destination_held", "reason=\"proxy\"") == 1;
    }

    ConnectProxy proxy_{"joe:pa-ssw0rd-9"};
    InletProcess inlet_{
        {"--host-name", "inlet.test", "--client-id", "me", "--client-secret", "abc", "--require-token"}};
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
};

TEST_F(ThroughProxy, OfTheConfigurationDeliversAndFetchesTokens) {
    append(agent_.file("events.ndjson"), event_lines(0, 1'000));
    agent_.start(config(fmt::format("proxy: '{}'", proxy_.url())));
    expect_all_delivered(1'000);
    EXPECT_THAT(proxy_.asked(), Each(StartsWith("inlet.test:")));
    EXPECT_GE(proxy_.asked().size(), 2U);
    const Outcome check =
        run_command({"check", "--print", "-c", agent_.file("agent.yaml")}, agent_.directory());
    for (const std::string& text : {agent_.process().err(), agent_.metrics_text(), check.out, check.err}) {
        EXPECT_THAT(text, Not(HasSubstr("ssw0rd")));
    }
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(ThroughProxy, OfTheEnvironmentDelivers) {
    append(agent_.file("events.ndjson"), event_lines(0, 1'000));
    agent_.set_environment({"HTTPS_PROXY=" + proxy_.url(), "NO_PROXY=example.com,10.0.0.0/8"});
    agent_.start(config());
    expect_all_delivered(1'000);
    EXPECT_THAT(proxy_.asked(), Contains(StartsWith("inlet.test:")));
}

class ProxyThatRefuses : public ThroughProxy, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(With, ProxyThatRefuses, testing::Values(403, 407, 502),
                         testing::PrintToStringParamName());

TEST_P(ProxyThatRefuses, HoldsTheRecordsUntilItIsCured) {
    AgentConfig plain;  // without tokens: the destination itself meets the refusal
    plain.event_stream("events", "inlet")
        .destination("inlet", inlet_.url("inlet.test"), inlet_.ca_file(),
                     fmt::format("proxy: '{}'", proxy_.url()))
        .file_source("app", agent_.file("events.ndjson"));
    inlet_.restart_with({"--host-name", "inlet.test"});
    proxy_.refuse_with(GetParam());
    append(agent_.file("events.ndjson"), event_lines(0, 100));
    agent_.start(plain);
    EXPECT_TRUE(eventually([&] { return is_held(); })) << agent_.process().err();
    EXPECT_THAT(agent_.readiness().body, HasSubstr("proxy"));
    EXPECT_EQ(agent_.metrics().records("in_flight"), 100);
    EXPECT_THAT(agent_.process().err(), HasSubstr(fmt::format("it answers {}", GetParam())));

    proxy_.refuse_with(0);

    expect_all_delivered(100);
    EXPECT_TRUE(eventually([&] { return agent_.readiness().status == 200; }));
    EXPECT_FALSE(is_held());
    EXPECT_EQ(agent_.stop(), 0);
}

}  // namespace
}  // namespace aep::e2e
