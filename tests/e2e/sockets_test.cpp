#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <functional>
#include <thread>

#include "../http/test_identity.hpp"
#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"
#include "harness/sender.hpp"

namespace aep::e2e {
namespace {

using testing::HasSubstr;

class Sockets : public testing::Test {
  protected:
    void start(const std::string& source, const std::string& destination = "",
               const std::string& agent_options = "") {
        agent_.start(AgentConfig::to(inlet_, destination).agent(agent_options).source("app", source));
    }
    [[nodiscard]] std::string address() const { return agent_.listening("app"); }

    /// Exactly these have arrived, each once; the counters agree.
    void expect_delivered(const std::vector<std::string>& ids) {
        EXPECT_TRUE(eventually([&] { return entities_.read() >= ids.size(); }, seconds{60}))
            << entities_.size() << " of " << ids.size() << "\n"
            << agent_.process().err();
        EXPECT_EQ(entities_.size(), ids.size());
        EXPECT_TRUE(entities_.missing(ids).empty());
        EXPECT_EQ(entities_.duplicates(), 0U);
    }
    void expect_balanced(double dead_lettered = 0) {
        EXPECT_TRUE(eventually([&] { return agent_.metrics().records("in_flight") == 0; }));
        EXPECT_TRUE(agent_.metrics().adds_up("app"));
        EXPECT_EQ(agent_.metrics().records("dead_lettered"), dead_lettered);
    }
    [[nodiscard]] double metric(const std::string& name, const std::string& label = "") const {
        return agent_.metrics().sum("aep_agent_" + name, label);
    }

    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
};

/// One of many clients: sends its records, numbered from `first` on, and counts the complete ones.
struct Client {
    std::uint64_t first;
    std::uint64_t records;
    std::function<void(Sender&, const Client&)> behave;
};

void send_at_once(Sender& sender, const Client& client) {
    EXPECT_TRUE(sender.send(event_lines(client.first, client.records)));
}

void send_byte_by_byte(Sender& sender, const Client& client) {
    const std::string lines = event_lines(client.first, client.records);
    for (std::size_t at = 0; at < lines.size(); ++at) ASSERT_TRUE(sender.send(lines.substr(at, 1)));
}

void leave_the_last_without_newline(Sender& sender, const Client& client) {
    std::string lines = event_lines(client.first, client.records);
    lines.pop_back();
    EXPECT_TRUE(sender.send(lines));
}

void break_off_within_a_record(Sender& sender, const Client& client) {
    EXPECT_TRUE(sender.send(event_lines(client.first, client.records) + R"({"_id":"e-half)"));
    sender.reset();
}

void send_nothing(Sender& sender, const Client& /*client*/) {
    sender.close();
}

void flood_with_blank_lines(Sender& sender, const Client& client) {
    EXPECT_TRUE(sender.send(std::string(2'000'000, '\n') + event_lines(client.first, client.records)));
}

TEST_F(Sockets, TakeEachCompleteRecordOfTwoHundredClientsOnce) {
    start("type: tcp, listen: '127.0.0.1:0'");
    const std::string to = address();
    constexpr std::uint64_t kClients = 200;
    constexpr std::uint64_t kMany = 200;
    constexpr std::uint64_t kFew = 5;
    std::vector<Client> clients;
    std::vector<std::string> expected;
    double halves = 0;
    for (std::uint64_t i = 0; i < kClients; ++i) {
        Client client{.first = i * kMany, .records = kMany, .behave = send_at_once};
        if (i % 5 == 1) client = {.first = i * kMany, .records = kFew, .behave = send_byte_by_byte};
        if (i % 5 == 2) client.behave = break_off_within_a_record;
        if (i % 5 == 3) client.behave = leave_the_last_without_newline;
        if (i % 20 == 4) client = {.first = 0, .records = 0, .behave = send_nothing};
        if (i % 20 == 9) client.behave = flood_with_blank_lines;
        if (i % 5 == 2) ++halves;
        for (const std::string& id : event_ids(client.first, client.records)) expected.push_back(id);
        clients.push_back(std::move(client));
    }

    std::deque<std::thread> threads;
    for (const Client& client : clients) {
        threads.emplace_back([&client, &to] {
            Sender sender = Sender::tcp(to);
            client.behave(sender, client);
        });
    }
    for (std::thread& thread : threads) thread.join();

    expect_delivered(expected);
    EXPECT_TRUE(eventually([&] { return metric("source_connections") == 0; }));
    EXPECT_EQ(metric("source_connections_closed_total", R"(reason="broken")"), halves);
    EXPECT_EQ(metric("source_lost_bytes_total"), halves * 14);
    expect_balanced();
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Sockets, TakeFromClientsWithTheRightCertificateOnly) {
    const http::TestIdentity good;
    const http::TestIdentity stranger;
    const std::string own = (inlet_.ca_file().parent_path() / "identity.pem").string();
    start(
        fmt::format("type: tcp, listen: '127.0.0.1:0', tls: {{cert_file: '{}', key_file: '{}', "
                    "client_ca_file: '{}'}}",
                    own, own, good.file()));
    const std::string to = address();

    Sender right = Sender::tcp(to);
    ASSERT_TRUE(right.start_tls(inlet_.ca_file(), {good.key(), good.certificate()}));
    ASSERT_TRUE(right.send(event_lines(0, 1'000)));

    const auto is_refused = [&](const Sender::Identity& identity) {
        Sender sender = Sender::tcp(to);
        if (!sender.start_tls(inlet_.ca_file(), identity)) return true;
        (void)sender.send(event_lines(9'000, 1));
        return sender.is_closed();
    };
    EXPECT_TRUE(is_refused({stranger.key(), stranger.certificate()}));
    EXPECT_TRUE(is_refused({}));
    Sender plain = Sender::tcp(to);
    (void)plain.send(event_lines(9'001, 1));
    EXPECT_TRUE(plain.is_closed());

    right.close();
    expect_delivered(event_ids(0, 1'000));
    EXPECT_TRUE(
        eventually([&] { return metric("source_connections_closed_total", R"(reason="handshake")") == 3; }));
    EXPECT_THAT(agent_.process().err(), HasSubstr("tls_handshake_failed"));
    EXPECT_THAT(agent_.process().err(), HasSubstr("peer=127.0.0.1:"));
    expect_balanced();
}

TEST_F(Sockets, CountEveryDatagramThatIsNotDelivered) {
    start("type: udp, listen: '127.0.0.1:0', receive_buffer: 32KiB");
    constexpr std::uint64_t kSent = 20'000;
    Sender sender = Sender::udp(address());
    for (std::uint64_t i = 0; i < kSent; ++i) ASSERT_TRUE(sender.send(event(i)));

    EXPECT_TRUE(eventually([&] {
        return agent_.metrics().records("delivered") + metric("udp_dropped_total") == double{kSent};
    })) << agent_.metrics().records("delivered")
        << " + " << metric("udp_dropped_total");
    EXPECT_GT(metric("udp_dropped_total"), 0);
    EXPECT_THAT(agent_.process().err(), HasSubstr("udp_dropped"));
    EXPECT_EQ(static_cast<double>(entities_.read()), agent_.metrics().records("delivered"));
    EXPECT_EQ(entities_.duplicates(), 0U);
    EXPECT_EQ(entities_.missing(event_ids(0, kSent)).size(), kSent - entities_.size());
    expect_balanced();
}

TEST_F(Sockets, OfTypeUnixTakeThePlaceOfOneThatACrashLeft) {
    constexpr std::uint64_t kEach = 1'000;
    std::uint64_t sent = 0;
    for (const std::string mode : {"stream", "datagram"}) {
        const std::string path = agent_.file(mode + ".sock");
        const AgentConfig config = AgentConfig::to(inlet_).source(
            "app", fmt::format("type: unix, path: '{}', mode: {}", path, mode));
        AgentProcess crashed;
        crashed.start(config);
        ASSERT_EQ(crashed.listening("app"), path);
        crashed.process().kill();
        ASSERT_TRUE(std::filesystem::exists(path));

        AgentProcess successor;
        successor.start(config);
        Sender sender = mode == "stream" ? Sender::unix_stream(path) : Sender::unix_datagram(path);
        for (std::uint64_t i = 0; i < kEach; ++i) ASSERT_TRUE(sender.send(event(sent++) + "\n"));

        AgentProcess rival;
        rival.start_quietly(config);
        EXPECT_EQ(rival.process().wait(), 2);
        EXPECT_THAT(rival.process().err(), HasSubstr("another process listens there"));

        expect_delivered(event_ids(0, sent));
        EXPECT_EQ(successor.stop(), 0) << successor.process().err();
        EXPECT_FALSE(std::filesystem::exists(path));
    }
}

TEST_F(Sockets, ReadCountedRecordsAndCloseOnGarbage) {
    start("type: tcp, listen: '127.0.0.1:0', framing: octet_counting");
    Sender good = Sender::tcp(address());
    Sender bad = Sender::tcp(address());
    std::string frames;
    for (std::uint64_t i = 0; i < 500; ++i) {
        const std::string record = event(i) + (i % 2 == 0 ? "\n" : "");
        frames += fmt::format("{} {}", record.size(), record);
    }
    for (std::size_t at = 0; at < frames.size(); at += 777) ASSERT_TRUE(good.send(frames.substr(at, 777)));
    const std::string last = event(500);
    ASSERT_TRUE(bad.send(fmt::format("{} {}{}\n", last.size(), last, event(501))));
    EXPECT_TRUE(bad.is_closed());
    good.close();

    expect_delivered(event_ids(0, 501));
    EXPECT_THAT(agent_.process().err(), HasSubstr("framing_broken"));
    EXPECT_THAT(agent_.process().err(), HasSubstr(fmt::format("lost_bytes={}", event(501).size() + 1)));
    EXPECT_EQ(metric("source_lost_bytes_total"), static_cast<double>(event(501).size() + 1));
    expect_balanced();
}

TEST_F(Sockets, MakeTheirSendersWaitForASlowInlet) {
    inlet_.set_fault(R"({"stall":true})");
    start("type: tcp, listen: '127.0.0.1:0', idle_timeout: 1s", "timeout: {connect: 2s, request: 2s}",
          "memory_limit: 8MiB");
    constexpr std::uint64_t kRecords = 60'000;
    std::atomic<bool> sent = false;
    std::thread application{[&, to = address()] {
        Sender sender = Sender::tcp(to);
        const std::string lines = event_lines(0, kRecords, 1'000);
        for (std::size_t at = 0; at < lines.size(); at += 65'536) {
            if (!sender.send(lines.substr(at, 65'536))) return;
        }
        sent = true;
    }};
    ASSERT_TRUE(eventually([&] { return agent_.metrics().records("in_flight") > 1'000; }));
    // Longer than idle_timeout, and than a request may take.
    EXPECT_TRUE(throughout([&] { return !sent && agent_.metrics().adds_up("app"); }, seconds{3}));
    EXPECT_LE(agent_.process().peak_memory(), std::size_t{24} << 20U);

    inlet_.clear_fault();
    application.join();
    EXPECT_TRUE(sent);
    EXPECT_TRUE(
        eventually([&] { return agent_.metrics().records("delivered") == double{kRecords}; }, seconds{60}))
        << agent_.process().err();
    (void)entities_.read();
    EXPECT_TRUE(entities_.missing(event_ids(0, kRecords)).empty());
    expect_balanced();
}

TEST_F(Sockets, AreDrainedWhenTheAgentIsToldToStop) {
    start("type: tcp, listen: '127.0.0.1:0'", "batch: {linger: 1h}");
    constexpr std::uint64_t kClients = 10;
    constexpr std::uint64_t kEach = 100;
    std::deque<Sender> senders;
    for (std::uint64_t i = 0; i < kClients; ++i) {
        senders.push_back(Sender::tcp(address()));
        ASSERT_TRUE(senders.back().send(event_lines(i * kEach, kEach) + R"({"_id":"half)"));
    }
    ASSERT_TRUE(eventually([&] { return metric("source_connections") == double{kClients}; }));
    EXPECT_EQ(agent_.stop(), 0) << agent_.process().err();
    for (Sender& sender : senders) EXPECT_TRUE(sender.is_closed());
    expect_delivered(event_ids(0, kClients * kEach));
    EXPECT_THAT(agent_.process().err(), HasSubstr("record_incomplete"));
    EXPECT_THAT(agent_.last_line(), HasSubstr("read 1000, delivered 1000, dead-lettered 0, dropped 0"));
}

TEST_F(Sockets, KeepTheOrderOfEachConnectionWhereTheStreamHasOne) {
    agent_.start(AgentConfig{}
                     .profile_stream("profiles", "inlet", "order: source")
                     .destination("inlet", inlet_.url(), inlet_.ca_file(),
                                  "connections: 4, batch: {max_messages: 7, linger: 5ms}")
                     .agent("workers: 3")
                     .source("app", "type: tcp, listen: '127.0.0.1:0'", "profiles"));
    // What fails at first and is sent again keeps its place.
    inlet_.set_fault(R"({"status":503,"first":30})");
    constexpr std::uint64_t kClients = 4;
    constexpr std::uint64_t kEach = 500;
    std::deque<std::thread> threads;
    for (std::uint64_t client = 0; client < kClients; ++client) {
        threads.emplace_back([&, client, to = address()] {
            Sender sender = Sender::tcp(to);
            for (std::uint64_t i = 0; i < kEach; ++i) sender.send(profile(client * kEach + i) + "\n");
        });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(eventually([&] { return entities_.read() >= kClients * kEach; }, seconds{60}));
    EXPECT_EQ(entities_.duplicates(), 0U);
    std::vector<std::vector<std::string>> by_client(kClients);
    for (const std::string& id : ids_in_order(inlet_.entities_file())) {
        by_client[std::stoull(id.substr(2)) / kEach].push_back(id);
    }
    for (const auto& ids : by_client) EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

TEST_F(Sockets, EndTheStartWhereTheirAddressIsTaken) {
    start("type: tcp, listen: '127.0.0.1:0'");
    AgentProcess other;
    other.start_quietly(
        AgentConfig::to(inlet_).source("app", fmt::format("type: tcp, listen: '{}'", address())));
    EXPECT_EQ(other.process().wait(), 2);
    EXPECT_THAT(other.process().err(),
                HasSubstr(fmt::format("source 'app': cannot listen at {}: Address already in use; another "
                                      "process has it",
                                      address())));
}

TEST_F(Sockets, GiveRecordsIdsOfWhereTheyCameFrom) {
    agent_.start(AgentConfig{}
                     .event_stream("events", "inlet",
                                   "entity_id: {from: hash, fields: [_meta.host, _meta.peer, _meta.offset]}, "
                                   "timestamp: {from: field, field: _meta.received_at}")
                     .destination("inlet", inlet_.url(), inlet_.ca_file())
                     .source("app", "type: tcp, listen: '127.0.0.1:0'"));
    for (int i = 0; i < 20; ++i) {
        Sender sender = Sender::tcp(address());
        ASSERT_TRUE(sender.send("{\"a\":1}\n{\"a\":1}\n"));
    }
    ASSERT_TRUE(eventually([&] { return entities_.read() >= 40; })) << agent_.process().err();
    EXPECT_EQ(entities_.distinct(), 40U);
    expect_balanced();
}

TEST_F(Sockets, NameTheSenderInDeadLetters) {
    start("type: udp, listen: '127.0.0.1:0'");
    Sender sender = Sender::udp(address());
    ASSERT_TRUE(sender.send("no record"));
    ASSERT_TRUE(eventually([&] { return agent_.dead_letters().size() == 1; }));
    const DeadLetter letter = agent_.dead_letters()[0];
    EXPECT_THAT(letter.origin, testing::StartsWith("127.0.0.1:"));
    EXPECT_NE(letter.origin, address());
    EXPECT_EQ(letter.content, "no record");
}

}  // namespace
}  // namespace aep::e2e
