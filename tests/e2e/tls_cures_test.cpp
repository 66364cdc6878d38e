#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/core.h>

#include <filesystem>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/identity_file.hpp"
#include "harness/inlet_process.hpp"
#include "harness/old_tls_server.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

using testing::HasSubstr;

/// What TLS refuses holds the records with its reason; when it is cured they are delivered without a restart
/// of the agent.
class TlsCure : public testing::Test {
  protected:
    void start_agent(const std::string& ca_file, const std::string& tls = "") {
        append(agent_.file("events.ndjson"), event_lines(0, kRecords));
        AgentConfig config;
        config.event_stream("events", "inlet").destination("inlet", inlet_.url(), ca_file, "", tls);
        agent_.start(config.file_source("app", agent_.file("events.ndjson")));
    }
    void expect_held(const std::string& reason, const std::string& words) {
        EXPECT_TRUE(eventually([&] {
            return agent_.metrics().sum("aep_agent_destination_held", fmt::format("reason=\"{}\"", reason)) ==
                   1;
        })) << agent_.process().err();
        EXPECT_THAT(agent_.readiness().body, HasSubstr("destination inlet: " + reason));
        EXPECT_EQ(agent_.metrics().records("in_flight"), kRecords);
        EXPECT_EQ(entities_.read(), 0U);
        EXPECT_THAT(agent_.process().err(), HasSubstr(words));
    }
    void expect_all_delivered() {
        EXPECT_TRUE(eventually([&] { return entities_.read() >= kRecords; }, seconds{60}))
            << agent_.process().err();
        EXPECT_TRUE(entities_.missing(event_ids(0, kRecords)).empty());
        EXPECT_EQ(entities_.duplicates(), 0U);
        EXPECT_TRUE(agent_.dead_letters().empty());
        EXPECT_TRUE(eventually([&] { return agent_.readiness().status == 200; }));
        EXPECT_EQ(agent_.metrics().sum("aep_agent_destination_held"), 0);
        EXPECT_EQ(agent_.stop(), 0);
    }

    static constexpr std::uint64_t kRecords = 100;
    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
};

TEST_F(TlsCure, OfAnExpiredCertificate) {
    inlet_.kill();
    write_identity(inlet_.identity_file(), -seconds{3600});
    inlet_.restart();
    start_agent(inlet_.ca_file());
    expect_held("certificate", "certificate has expired");
    inlet_.kill();
    std::filesystem::remove(inlet_.identity_file());
    inlet_.restart();  // with a new certificate and a new authority, whose file the agent reads again
    expect_all_delivered();
}

TEST_F(TlsCure, OfACertificateForAnotherHost) {
    inlet_.kill();
    std::filesystem::remove(inlet_.identity_file());
    inlet_.restart_with({"--host-name", "other.test"});
    start_agent(inlet_.ca_file());
    expect_held("certificate", "is for another host");
    std::filesystem::remove(inlet_.identity_file());
    inlet_.restart_with({});
    expect_all_delivered();
}

TEST_F(TlsCure, OfAnAuthorityThatIsNotTrusted) {
    const InletProcess stranger;
    const std::string ca_file = agent_.file("ca.pem");
    std::filesystem::copy_file(stranger.ca_file(), ca_file);
    start_agent(ca_file);
    expect_held("certificate", "certificate verify failed");
    std::filesystem::copy_file(inlet_.ca_file(), ca_file, std::filesystem::copy_options::overwrite_existing);
    expect_all_delivered();
}

TEST_F(TlsCure, OfAServerThatIsTooOld) {
    inlet_.kill();
    auto old = std::make_unique<OldTlsServer>(inlet_.port(), inlet_.identity_file());
    start_agent(inlet_.ca_file());
    expect_held("tls", "TLS 1.2 or later");
    EXPECT_GT(old->refused(), 0U);
    old.reset();
    inlet_.restart();
    expect_all_delivered();
}

TEST_F(TlsCure, OfAClientCertificateThatIsNotKnown) {
    const std::string known = agent_.file("known.pem");
    const std::string client = agent_.file("client.pem");
    write_identity(known, seconds{3600});
    write_identity(client, seconds{3600});
    inlet_.restart_with({"--client-ca", known});
    start_agent(inlet_.ca_file(), fmt::format("cert_file: '{0}', key_file: '{0}'", client));
    expect_held("tls", "client certificate");
    std::filesystem::copy_file(known, client, std::filesystem::copy_options::overwrite_existing);
    expect_all_delivered();
}

}  // namespace
}  // namespace aep::e2e
