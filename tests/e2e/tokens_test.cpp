#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/core.h>

#include <fstream>
#include <memory>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kClientId = "client-7";
constexpr const char* kSecret = "s3cret+&%=/word";

/// An inlet that wants tokens, and an agent that has them fetched.
class Tokens : public testing::Test {
  protected:
    void start_inlet(std::vector<std::string> more = {}) {
        std::vector<std::string> arguments{"--client-id", kClientId, "--client-secret", kSecret,
                                           "--require-token"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        inlet_ = std::make_unique<InletProcess>(arguments);
        entities_ = std::make_unique<EntityLog>(inlet_->entities_file());
    }
    void start_agent(const std::string& secret = "'${file:secret}'") { agent_.start(config(secret)); }
    [[nodiscard]] AgentConfig config(const std::string& secret = "'${file:secret}'") const {
        AgentConfig config = AgentConfig::to(
            *inlet_,
            "auth: platform, batch: {max_messages: 200, linger: 20ms}, retry: {initial: 20ms, max: 200ms}");
        config.platform_auth(
            fmt::format("{{type: oauth_server_to_server, token_url: '{}', client_id: {}, client_secret: {}}}",
                        inlet_->token_url(), kClientId, secret));
        config.file_source("app", file());
        return config;
    }
    void write_secret(const std::string& text) const {
        std::ofstream{agent_.file("secret"), std::ios::trunc} << text << "\n";
    }
    [[nodiscard]] std::string file() const { return agent_.file("events.ndjson"); }

    void expect_all_delivered(std::uint64_t records) {
        EXPECT_TRUE(
            eventually([&] { return agent_.metrics().records("delivered") == static_cast<double>(records); },
                       seconds{60}))
            << agent_.metrics().records("delivered") << " of " << records << " delivered\n"
            << agent_.process().err();
        entities_->read();
        EXPECT_TRUE(entities_->missing(event_ids(0, records)).empty());
        EXPECT_EQ(entities_->duplicates(), 0U);  // a refused request was not taken
        EXPECT_TRUE(agent_.metrics().adds_up("app"));
        EXPECT_TRUE(agent_.dead_letters().empty());
    }
    [[nodiscard]] bool is_held(const std::string& reason) const {
        return agent_.metrics().sum("aep_agent_destination_held", fmt::format("reason=\"{}\"", reason)) == 1;
    }

    AgentProcess agent_;
    std::unique_ptr<InletProcess> inlet_;
    std::unique_ptr<EntityLog> entities_;
};

/// What is spoken of an expired token differs: 401 or 403; and what a lifetime is counted in.
class TokensThatExpire : public Tokens, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(With, TokensThatExpire, testing::Values(401, 403),
                         testing::PrintToStringParamName());

TEST_P(TokensThatExpire, EveryTwoSecondsUnderLoadLoseNothing) {
    start_inlet({"--token-lifetime", "2s", "--token-refusal", std::to_string(GetParam())});
    write_secret(kSecret);
    start_agent();
    constexpr std::uint64_t kAtOnce = 100;
    const auto began = Clock::now();
    std::uint64_t records = 0;
    (void)eventually(
        [&] {
            append(file(), event_lines(records, kAtOnce));
            records += kAtOnce;
            return inlet_->stats().tokens_issued >= 4;
        },
        seconds{60});
    expect_all_delivered(records);
    const auto issued = inlet_->stats().tokens_issued;
    fmt::print("{} records over {} tokens\n", records, issued);
    EXPECT_GE(issued, 4U);
    // One at a time for all connections, and not before it is due: 1.4 s at the earliest.
    EXPECT_LE(issued, 2 + static_cast<std::uint64_t>((Clock::now() - began) / milliseconds{1400}));
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Tokens, ThatAreRevokedAreReplacedAtOnceAndByOneRequest) {
    start_inlet();
    write_secret(kSecret);
    start_agent();
    constexpr std::uint64_t kPerRound = 3'000;
    for (std::uint64_t round = 0; round < 4; ++round) {
        if (round > 0) inlet_->revoke_tokens();
        append(file(), event_lines(round * kPerRound, kPerRound));
        expect_all_delivered((round + 1) * kPerRound);
        EXPECT_EQ(inlet_->stats().tokens_issued, round + 1);
    }
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Tokens, OfAnotherOrganisationAreHeldAndNotMintedWithoutEnd) {
    start_inlet();
    write_secret(kSecret);
    inlet_->set_fault(R"({"status":403,"empty_body":true})");
    append(file(), event_lines(0, 100));
    start_agent();
    EXPECT_TRUE(eventually([&] { return is_held("forbidden"); }));
    const auto requests = inlet_->stats().requests;
    EXPECT_TRUE(eventually([&] { return inlet_->stats().requests >= requests + 5; }));
    EXPECT_EQ(inlet_->stats().tokens_issued, 2U);

    inlet_->clear_fault();

    expect_all_delivered(100);
    EXPECT_EQ(inlet_->stats().tokens_issued, 2U);
}

class TokenEndpoint : public Tokens, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(With, TokenEndpoint,
                         testing::Values(R"({"drop":true})", R"({"status":500})",
                                         R"({"status":429,"retry_after":1})",
                                         R"({"status":503,"error":"temporarily_unavailable"})"),
                         [](const auto& given) { return fmt::format("Fault{}", given.index); });

TEST_P(TokenEndpoint, ThatIsDownAtTheStartIsWaitedFor) {
    start_inlet();
    write_secret(kSecret);
    inlet_->set_token_fault(GetParam());
    append(file(), event_lines(0, 1'000));
    start_agent();
    EXPECT_TRUE(eventually([&] {
        const Answer readiness = agent_.readiness();
        return readiness.status == 503 &&
               readiness.body.find("platform acme: token_unavailable") != std::string::npos;
    }));
    EXPECT_TRUE(eventually([&] { return agent_.metrics().records("in_flight") == 1'000; }));
    EXPECT_EQ(inlet_->stats().requests, 0U);
    EXPECT_EQ(agent_.metrics().sum("aep_agent_token_expiry_timestamp_seconds"), 0);

    inlet_->set_token_fault("{}");

    expect_all_delivered(1'000);
    EXPECT_TRUE(eventually([&] { return agent_.readiness().status == 200; }));
    EXPECT_GT(agent_.metrics().sum("aep_agent_token_expiry_timestamp_seconds"), 1e9);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Tokens, GoOnBeingUsedWhileTheEndpointIsDown) {
    start_inlet({"--token-lifetime", "24h", "--token-lifetime-in-ms"});
    write_secret(kSecret);
    append(file(), event_lines(0, 500));
    start_agent();
    expect_all_delivered(500);
    inlet_->set_token_fault(R"({"drop":true})");
    append(file(), event_lines(500, 500));
    expect_all_delivered(1'000);
    EXPECT_EQ(agent_.readiness().status, 200);
    EXPECT_EQ(inlet_->stats().tokens_issued, 1U);
}

TEST_F(Tokens, ComeOnceAWrongSecretIsReplacedInItsFile) {
    start_inlet();
    write_secret("wrong-secret-of-old");
    append(file(), event_lines(0, 1'000));
    start_agent();
    EXPECT_TRUE(eventually([&] { return is_held("auth"); })) << agent_.process().err();
    EXPECT_EQ(agent_.readiness().status, 503);
    EXPECT_THAT(agent_.process().err(), HasSubstr("invalid_client"));
    EXPECT_THAT(agent_.process().err(), Not(HasSubstr("wrong-secret-of-old")));

    write_secret(kSecret);

    expect_all_delivered(1'000);
    EXPECT_TRUE(eventually([&] { return agent_.readiness().status == 200; }));
    EXPECT_FALSE(is_held("auth"));
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Tokens, ThatCannotBeHadLetSendGiveUpAtOnce) {
    start_inlet();
    write_secret("wrong");
    append(file(), event_lines(0, 100));
    const TempDir dir;
    dir.write("secret", "wrong");
    const auto began = Clock::now();
    const Outcome outcome =
        run_command({"send", file(), "-c", dir.write("agent.yaml", config().yaml(0))}, dir.path());
    EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
    EXPECT_LT(Clock::now() - began, seconds{20});
    EXPECT_THAT(outcome.err, HasSubstr("invalid_client"));
}

TEST_F(Tokens, AndSecretsAreNowhereToBeRead) {
    start_inlet();
    write_secret(kSecret);
    append(file(), event_lines(0, 500));
    AgentConfig debug = config();
    debug.log_level("debug");
    agent_.start(debug);
    expect_all_delivered(500);
    inlet_->revoke_tokens();
    append(file(), event_lines(500, 500));
    expect_all_delivered(1'000);
    const std::string metrics = agent_.metrics_text();
    EXPECT_EQ(agent_.stop(), 0);
    const Outcome check =
        run_command({"check", "--print", "-c", agent_.file("agent.yaml")}, agent_.directory());
    EXPECT_EQ(check.exit_code, 0) << check.err;
    EXPECT_THAT(check.out, HasSubstr("client_secret: \"***\""));
    EXPECT_THAT(agent_.process().err(), HasSubstr("token_issued"));
    for (const std::string& text : {agent_.process().err(), metrics, check.out, check.err}) {
        EXPECT_THAT(text, Not(HasSubstr(kSecret)));
        EXPECT_THAT(text, Not(HasSubstr("s3cret")));
        EXPECT_THAT(text, Not(HasSubstr("Bearer")));
        EXPECT_THAT(text, Not(HasSubstr(InletProcess::kTokenPrefix)));
    }
}

}  // namespace
}  // namespace aep::e2e
