#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"
#include "harness/sender.hpp"

namespace aep::e2e {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kQuick = "batch: {linger: 20ms}, retry: {initial: 20ms, max: 100ms}";

class Reload : public testing::Test {
  protected:
    /// One file, one stream, one destination of that name to `inlet`.
    [[nodiscard]] AgentConfig file_to(const InletProcess& inlet, const std::string& destination = "inlet",
                                      const std::string& more = kQuick) const {
        return AgentConfig{}
            .file_source("app", agent_.file("app.ndjson"))
            .event_stream("events", destination)
            .destination(destination, inlet.url(), inlet.ca_file(), more);
    }
    void write(std::uint64_t first, std::uint64_t count) const {
        append(agent_.file("app.ndjson"), event_lines(first, count));
    }
    [[nodiscard]] bool are_in_flight(double records) const {
        return eventually([&] { return agent_.metrics().records("in_flight") == records; });
    }
    [[nodiscard]] static bool has_all(EntityLog& log, std::uint64_t count) {
        return eventually([&] { return log.read() >= count; });
    }

    AgentProcess agent_;
};

TEST_F(Reload, TakesNothingOfAConfigurationWithErrors) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    agent_.start(file_to(inlet));

    EXPECT_FALSE(agent_.reload(file_to(inlet).section("surces: []")));

    EXPECT_THAT(agent_.process().err(), HasSubstr("unknown key 'surces'"));
    EXPECT_THAT(agent_.process().err(), HasSubstr("did you mean 'sources'?"));
    EXPECT_EQ(agent_.metrics().sum("aep_agent_reloads_total", "result=\"refused\""), 1);
    EXPECT_EQ(agent_.metrics().sum("aep_agent_last_reload_taken_over"), 0);
    write(0, 10);
    EXPECT_TRUE(has_all(entities, 10)) << agent_.process().err();

    EXPECT_TRUE(agent_.reload(file_to(inlet)));
    EXPECT_EQ(agent_.metrics().sum("aep_agent_last_reload_taken_over"), 1);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, RefusesWhatTakesARestart) {
    const InletProcess inlet;
    agent_.start(file_to(inlet));

    EXPECT_FALSE(agent_.reload(file_to(inlet).agent("memory_limit: 64MiB")));

    EXPECT_THAT(agent_.process().err(), HasSubstr("agent.memory_limit can only change with a restart"));
}

TEST_F(Reload, RefusesASchemaThatIsNone) {
    const InletProcess inlet;
    append(agent_.file("schema.json"), R"({"type": 7})");
    agent_.start(file_to(inlet));

    EXPECT_FALSE(agent_.reload(AgentConfig{}
                                   .file_source("app", agent_.file("app.ndjson"))
                                   .schema_file(agent_.file("schema.json"))
                                   .event_stream("events", "inlet")
                                   .destination("inlet", inlet.url(), inlet.ca_file(), kQuick)));

    EXPECT_THAT(agent_.process().err(), HasSubstr("schema.json"));
}

TEST_F(Reload, SendsWhatWaitsToTheNewUrl) {
    const InletProcess wrong;
    wrong.set_fault(R"({"status":404})");
    const InletProcess right;
    EntityLog entities{right.entities_file()};
    agent_.start(file_to(wrong));
    write(0, 1000);
    ASSERT_TRUE(are_in_flight(1000)) << agent_.process().err();
    ASSERT_TRUE(eventually([&] { return agent_.readiness().status == 503; }));

    ASSERT_TRUE(agent_.reload(file_to(right))) << agent_.process().err();

    ASSERT_TRUE(has_all(entities, 1000)) << agent_.process().err();
    EXPECT_EQ(entities.duplicates(), 0U);
    EXPECT_TRUE(eventually([&] { return agent_.readiness().status == 200; })) << agent_.readiness().body;
    EXPECT_EQ(agent_.metrics().sum("aep_agent_destination_held"), 0);
    EXPECT_EQ(agent_.stop(), 0);
    EXPECT_EQ(right.stats().accepted, 1000U);
}

TEST_F(Reload, LetsWhatIsUnderWayComeToItsEnd) {
    const InletProcess slow;
    slow.set_fault(R"({"delay_ms":1500})");
    const InletProcess next;
    EntityLog before{slow.entities_file()};
    EntityLog after{next.entities_file()};
    agent_.start(file_to(slow));
    write(0, 10);
    ASSERT_TRUE(eventually([&] { return slow.stats().requests == 1; }));

    ASSERT_TRUE(agent_.reload(file_to(next))) << agent_.process().err();
    write(10, 10);

    ASSERT_TRUE(has_all(after, 10)) << agent_.process().err();
    ASSERT_TRUE(eventually([&] { return agent_.metrics().records("delivered") == 20; }));
    before.read();
    EXPECT_THAT(before.missing(event_ids(0, 10)), IsEmpty());
    EXPECT_THAT(after.missing(event_ids(10, 10)), IsEmpty());
    EXPECT_EQ(after.size(), 10U);
}

TEST_F(Reload, GivesTheRecordsOfFilesBackWhereTheirDestinationGoes) {
    const InletProcess down;
    down.set_fault(R"({"stall":true})");
    const InletProcess up;
    EntityLog entities{up.entities_file()};
    agent_.start(file_to(down, "first"));
    write(0, 5000);
    ASSERT_TRUE(are_in_flight(5000)) << agent_.process().err();

    ASSERT_TRUE(agent_.reload(file_to(up, "second"))) << agent_.process().err();

    ASSERT_TRUE(has_all(entities, 5000)) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(0));
    EXPECT_THAT(entities.missing(event_ids(0, 5000)), IsEmpty());
    EXPECT_EQ(entities.duplicates(), 0U);
    EXPECT_EQ(agent_.metrics().records("read"), 5000);
    EXPECT_EQ(agent_.metrics().records("delivered"), 5000);
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, LeavesThePositionsOfASourceThatGoes) {
    const InletProcess down;
    down.set_fault(R"({"stall":true})");
    const InletProcess up;
    EntityLog entities{up.entities_file()};
    agent_.start(file_to(down, "first"));
    write(0, 500);
    ASSERT_TRUE(are_in_flight(500));

    // Source and destination go together: the records are read again when the source is there again.
    append(agent_.file("other.ndjson"), "");
    ASSERT_TRUE(agent_.reload(AgentConfig{}
                                  .file_source("other", agent_.file("other.ndjson"))
                                  .event_stream("events", "second")
                                  .destination("second", up.url(), up.ca_file(), kQuick)))
        << agent_.process().err();
    EXPECT_EQ(agent_.metrics().records("in_flight", "app"), 500);
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
    ASSERT_TRUE(agent_.reload(file_to(up, "second"))) << agent_.process().err();

    ASSERT_TRUE(has_all(entities, 500)) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(0));
    EXPECT_EQ(entities.duplicates(), 0U);
    EXPECT_EQ(agent_.metrics().records("read", "app"), 500);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, RefusesToLoseWhatIsOnlyInMemory) {
    const InletProcess down;
    down.set_fault(R"({"stall":true})");
    const InletProcess up;
    EntityLog entities{down.entities_file()};
    const auto tcp_to = [](const InletProcess& inlet, const std::string& destination) {
        return AgentConfig{}
            .source("net", "type: tcp, listen: '127.0.0.1:0'")
            .event_stream("events", destination)
            .destination(destination, inlet.url(), inlet.ca_file(),
                         std::string{kQuick} + ", timeout: {request: 1s}");
    };
    agent_.start(tcp_to(down, "first"));
    Sender sender = Sender::tcp(agent_.listening("net"));
    ASSERT_TRUE(sender.send(event_lines(0, 100)));
    ASSERT_TRUE(are_in_flight(100));

    EXPECT_FALSE(agent_.reload(tcp_to(up, "second")));

    EXPECT_THAT(agent_.process().err(), HasSubstr("destination 'first' is gone, and 100 records of source "
                                                  "'net' that it has are only in memory"));
    down.clear_fault();
    ASSERT_TRUE(sender.send(event_lines(100, 100)));
    ASSERT_TRUE(has_all(entities, 200)) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(0));
    EXPECT_THAT(entities.missing(event_ids(0, 200)), IsEmpty());

    EXPECT_TRUE(agent_.reload(tcp_to(up, "second"))) << agent_.process().err();
    EntityLog later{up.entities_file()};
    ASSERT_TRUE(sender.send(event_lines(200, 100)));
    EXPECT_TRUE(has_all(later, 100)) << agent_.process().err();
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, KeepsTheDiskBufferOfADestinationThatGoes) {
    const InletProcess down;
    down.set_fault(R"({"stall":true})");
    const InletProcess up;
    EntityLog entities{down.entities_file()};
    const std::string buffered = std::string{kQuick} + ", buffer: {type: disk, max_bytes: 64MiB}";
    agent_.start(file_to(down, "first", buffered));
    write(0, 1000);
    ASSERT_TRUE(are_in_flight(1000));

    ASSERT_TRUE(agent_.reload(file_to(up, "second"))) << agent_.process().err();
    EXPECT_THAT(agent_.process().err(), HasSubstr("buffer_left_over"));
    write(1000, 1000);
    EntityLog later{up.entities_file()};
    ASSERT_TRUE(has_all(later, 1000)) << agent_.process().err();
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
    EXPECT_TRUE(are_in_flight(1000));

    down.clear_fault();
    ASSERT_TRUE(agent_.reload(file_to(down, "first", buffered))) << agent_.process().err();
    ASSERT_TRUE(has_all(entities, 1000)) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(0));
    EXPECT_THAT(entities.missing(event_ids(0, 1000)), IsEmpty());
    EXPECT_THAT(later.missing(event_ids(1000, 1000)), IsEmpty());
    EXPECT_EQ(entities.duplicates() + later.duplicates(), 0U);
    EXPECT_EQ(agent_.metrics().records("read"), 2000);
    EXPECT_EQ(agent_.metrics().records("delivered"), 2000);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, RepeatsNothingWhereADiskBufferGoesAndComesBackUnderLoad) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    const std::string buffered = std::string{kQuick} + ", buffer: {type: disk, max_bytes: 64MiB}";
    const auto both = [&](const std::string& leads_to) {
        AgentConfig made;
        made.file_source("app", agent_.file("app.ndjson")).event_stream("events", leads_to);
        if (leads_to == "first") made.destination("first", inlet.url(), inlet.ca_file(), buffered);
        return made.destination("second", inlet.url(), inlet.ca_file(), kQuick);
    };
    agent_.start(both("first"));
    std::uint64_t written = 0;
    for (int i = 0; i < 8; ++i) {
        for (int j = 0; j < 10; ++j, written += 100) write(written, 100);
        (void)eventually([&] { return entities.read() + 500 >= written; });
        ASSERT_TRUE(agent_.reload(both(i % 2 == 0 ? "second" : "first"))) << agent_.process().err();
    }
    ASSERT_TRUE(has_all(entities, written)) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(0)) << agent_.metrics_text();
    EXPECT_THAT(entities.missing(event_ids(0, written)), IsEmpty());
    EXPECT_EQ(entities.duplicates(), 0U);
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, RefusesToLoseRecordsOfASocketThatWentEarlier) {
    const InletProcess down;
    down.set_fault(R"({"stall":true})");
    const InletProcess up;
    AgentConfig with_socket;
    with_socket.source("net", "type: tcp, listen: '127.0.0.1:0'")
        .file_source("app", agent_.file("app.ndjson"), "others")
        .event_stream("events", "first")
        .event_stream("others", "second")
        .destination("first", down.url(), down.ca_file(), std::string{kQuick} + ", timeout: {request: 1s}")
        .destination("second", up.url(), up.ca_file(), kQuick);
    AgentConfig without_socket;
    without_socket.file_source("app", agent_.file("app.ndjson"), "others")
        .event_stream("others", "second")
        .destination("first", down.url(), down.ca_file(), std::string{kQuick} + ", timeout: {request: 1s}")
        .destination("second", up.url(), up.ca_file(), kQuick);
    agent_.start(with_socket);
    Sender sender = Sender::tcp(agent_.listening("net"));
    ASSERT_TRUE(sender.send(event_lines(0, 100)));
    ASSERT_TRUE(are_in_flight(100));

    ASSERT_TRUE(agent_.reload(without_socket)) << agent_.process().err();
    const AgentConfig alone = AgentConfig{}
                                  .file_source("app", agent_.file("app.ndjson"), "others")
                                  .event_stream("others", "second")
                                  .destination("second", up.url(), up.ca_file(), kQuick);
    EXPECT_FALSE(agent_.reload(alone));

    down.clear_fault();
    EntityLog entities{down.entities_file()};
    ASSERT_TRUE(has_all(entities, 100)) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(0));
    EXPECT_TRUE(agent_.reload(alone)) << agent_.process().err();
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, RefusesAnotherTypeUnderTheSameId) {
    const InletProcess inlet;
    agent_.start(file_to(inlet));
    EXPECT_FALSE(agent_.reload(AgentConfig{}
                                   .source("app", "type: tcp, listen: '127.0.0.1:0'")
                                   .event_stream("events", "inlet")
                                   .destination("inlet", inlet.url(), inlet.ca_file(), kQuick)));
    EXPECT_THAT(agent_.process().err(), HasSubstr("type of source 'app' (or give it another id)"));
}

TEST_F(Reload, KeepsADestinationThatHasRecordsOfASourceThatWasLedElsewhere) {
    const InletProcess down;
    down.set_fault(R"({"stall":true})");
    const InletProcess up;
    EntityLog entities{up.entities_file()};
    EntityLog later{down.entities_file()};
    const std::string patient = std::string{kQuick} + ", timeout: {request: 1s}";
    agent_.start(file_to(down, "first", patient));
    write(0, 300);
    ASSERT_TRUE(are_in_flight(300));
    AgentConfig both = file_to(up, "second");
    both.destination("first", down.url(), down.ca_file(), patient);
    ASSERT_TRUE(agent_.reload(both)) << agent_.process().err();
    write(300, 300);
    ASSERT_TRUE(has_all(entities, 300)) << agent_.process().err();

    EXPECT_FALSE(agent_.reload(file_to(up, "second")));
    EXPECT_THAT(agent_.process().err(), HasSubstr("which was led elsewhere"));

    down.clear_fault();
    ASSERT_TRUE(has_all(later, 300)) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(0));
    EXPECT_TRUE(agent_.reload(file_to(up, "second"))) << agent_.process().err();
    EXPECT_EQ(entities.duplicates() + later.duplicates(), 0U);
    EXPECT_EQ(entities.size() + later.size(), 600U);
}

TEST_F(Reload, DoesNotReadAgainWhatWasDeliveredBeforeItsTurn) {
    const InletProcess first;
    first.set_fault(R"({"stall":true,"first":1})");
    const InletProcess second;
    EntityLog before{first.entities_file()};
    EntityLog after{second.entities_file()};
    agent_.start(file_to(first, "first", "batch: {linger: 20ms, max_messages: 50}, connections: 4"));
    write(0, 1000);
    ASSERT_TRUE(has_all(before, 950)) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(50));

    ASSERT_TRUE(agent_.reload(file_to(second, "second"))) << agent_.process().err();

    ASSERT_TRUE(has_all(after, 50)) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(0));
    write(1000, 10);
    ASSERT_TRUE(has_all(after, 60)) << agent_.process().err();
    before.read();
    EXPECT_EQ(before.size() + after.size(), 1010U);
    EXPECT_EQ(before.duplicates() + after.duplicates(), 0U);
    ASSERT_TRUE(eventually([&] { return agent_.metrics().records("delivered") == 1010; }));
    EXPECT_EQ(agent_.metrics().records("read"), 1010);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, TakesASourceUpAgainWhoseRecordsAreStillOnTheirWay) {
    const InletProcess inlet;
    inlet.set_fault(R"({"stall":true})");
    EntityLog entities{inlet.entities_file()};
    const std::string patient = std::string{kQuick} + ", timeout: {request: 2s}";
    AgentConfig without;
    append(agent_.file("other.ndjson"), "");
    without.file_source("other", agent_.file("other.ndjson"))
        .event_stream("events", "inlet")
        .destination("inlet", inlet.url(), inlet.ca_file(), patient);
    agent_.start(file_to(inlet, "inlet", patient));
    write(0, 500);
    ASSERT_TRUE(are_in_flight(500));

    ASSERT_TRUE(agent_.reload(without)) << agent_.process().err();
    write(500, 100);
    ASSERT_TRUE(agent_.reload(file_to(inlet, "inlet", patient))) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(600)) << agent_.metrics_text();
    inlet.clear_fault();

    ASSERT_TRUE(has_all(entities, 600)) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(0));
    EXPECT_EQ(entities.size(), 600U);
    EXPECT_EQ(entities.duplicates(), 0U);
    EXPECT_EQ(agent_.metrics().records("read", "app"), 600);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, LetsOthersProbeAnInletWhoseDestinationGoesInTheMiddleOfAProbe) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    inlet.set_fault(R"({"status":503})");
    agent_.start(file_to(inlet, "first", std::string{kQuick} + ", timeout: {request: 20s}"));
    write(0, 100);
    ASSERT_TRUE(eventually([&] { return inlet.stats().requests >= 2; }));
    const auto refused = inlet.stats().requests;
    inlet.set_fault(R"({"stall":true})");  // the next probe never ends
    ASSERT_TRUE(eventually([&] {
        // No other comes while it lasts, though one is due every 100 ms at most.
        const auto seen = inlet.stats().requests;
        return seen > refused &&
               throughout([&] { return inlet.stats().requests == seen; }, milliseconds{500});
    }));

    ASSERT_TRUE(agent_.reload(file_to(inlet, "second"))) << agent_.process().err();
    inlet.clear_fault();

    ASSERT_TRUE(has_all(entities, 100)) << agent_.process().err();
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, KeepsWhatAHeldStreamHasWhereItIsRefused) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    const auto with = [&](const std::string& timestamp, const std::string& destination) {
        return AgentConfig{}
            .file_source("app", agent_.file("app.ndjson"))
            .source("net", "type: tcp, listen: '127.0.0.1:0'", "others")
            .event_stream("events", destination,
                          "timestamp: " + timestamp + ", invalid_limit: {share: 0, of: 100}")
            .event_stream("others", destination)
            .destination(destination, inlet.url(), inlet.ca_file(),
                         std::string{kQuick} + ", timeout: {request: 1s}");
    };
    agent_.start(with("{from: field, field: at}", "first"));
    write(0, 1000);
    ASSERT_TRUE(eventually([&] { return agent_.count_in_log(" stream_held: ") == 1; }));
    inlet.set_fault(R"({"stall":true})");
    Sender sender = Sender::tcp(agent_.listening("net"));
    ASSERT_TRUE(sender.send(event_lines(5000, 10)));
    ASSERT_TRUE(are_in_flight(1010));

    EXPECT_FALSE(agent_.reload(with("{from: field, field: timestamp}", "second")));
    EXPECT_EQ(agent_.metrics().sum("aep_agent_stream_held"), 1);

    inlet.clear_fault();
    ASSERT_TRUE(are_in_flight(1000));
    ASSERT_TRUE(agent_.reload(with("{from: field, field: timestamp}", "second"))) << agent_.process().err();
    ASSERT_TRUE(has_all(entities, 1010)) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(0));
    EXPECT_EQ(entities.size(), 1010U);
    EXPECT_EQ(entities.duplicates(), 0U);
}

TEST_F(Reload, RenamesASocketAtItsAddress) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    const std::string path = agent_.file("app.sock");
    const auto socket = [&](const std::string& id) {
        return AgentConfig{}
            .source(id, "type: unix, mode: stream, path: '" + path + "'")
            .event_stream("events", "inlet")
            .destination("inlet", inlet.url(), inlet.ca_file(), kQuick);
    };
    agent_.start(socket("one"));
    Sender before = Sender::unix_stream(path);
    ASSERT_TRUE(before.send(event_lines(0, 10)));
    ASSERT_TRUE(agent_.reload(socket("two"))) << agent_.process().err();
    Sender after = Sender::unix_stream(path);
    ASSERT_TRUE(after.send(event_lines(10, 10)));
    ASSERT_TRUE(has_all(entities, 20)) << agent_.process().err();
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, IsNotASecondSignalToStop) {
    const InletProcess inlet;
    inlet.set_fault(R"({"stall":true,"first":1})");
    EntityLog entities{inlet.entities_file()};
    agent_.start(AgentConfig{}
                     .source("net", "type: tcp, listen: '127.0.0.1:0'")
                     .event_stream("events", "inlet")
                     .destination("inlet", inlet.url(), inlet.ca_file(),
                                  std::string{kQuick} + ", timeout: {request: 2s}"));
    Sender sender = Sender::tcp(agent_.listening("net"));
    ASSERT_TRUE(sender.send(event_lines(0, 10)));
    ASSERT_TRUE(eventually([&] { return inlet.stats().requests == 1; }));
    agent_.process().signal(SIGTERM);
    ASSERT_TRUE(eventually([&] { return agent_.count_in_log(" stopping: ") == 1; }));
    agent_.process().signal(SIGHUP);
    EXPECT_EQ(agent_.process().wait(), 0) << agent_.process().err();
    EXPECT_EQ(entities.read(), 10U);
}

TEST_F(Reload, ReadsWhatTheGlobsNameFromNowOn) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    const auto files = [&](const std::string& more) {
        return AgentConfig{}
            .file_source("app", agent_.file("*.ndjson"), "events", more)
            .event_stream("events", "inlet")
            .destination("inlet", inlet.url(), inlet.ca_file(), kQuick);
    };
    const std::string one = agent_.file("one.ndjson");
    const std::string two = agent_.file("two.ndjson");
    append(one, event_lines(0, 10));
    append(two, event_lines(100, 10));
    agent_.start(files("exclude: ['two.ndjson']"));
    ASSERT_TRUE(has_all(entities, 10)) << agent_.process().err();

    ASSERT_TRUE(agent_.reload(files("exclude: ['one.ndjson']")));
    append(one, event_lines(10, 10));
    append(two, event_lines(110, 10));
    ASSERT_TRUE(has_all(entities, 30)) << agent_.process().err();
    EXPECT_THAT(entities.missing(event_ids(100, 20)), IsEmpty());
    EXPECT_TRUE(throughout([&] { return entities.read() == 30; }, milliseconds{300}));

    ASSERT_TRUE(agent_.reload(files("max_record: 64KiB")));
    ASSERT_TRUE(has_all(entities, 40)) << agent_.process().err();
    append(one, event_lines(20, 10));
    append(two, event_lines(120, 10));
    ASSERT_TRUE(has_all(entities, 60)) << agent_.process().err();
    EXPECT_THAT(entities.missing(event_ids(0, 30)), IsEmpty());
    EXPECT_THAT(entities.missing(event_ids(100, 30)), IsEmpty());
    EXPECT_EQ(entities.duplicates(), 0U);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, KeepsConnectionsOpenThatItDoesNotConcern) {
    const InletProcess first;
    const InletProcess second;
    EntityLog entities{second.entities_file()};
    const auto tcp_to = [](const InletProcess& inlet) {
        return AgentConfig{}
            .source("net", "type: tcp, listen: '127.0.0.1:0'")
            .event_stream("events", "inlet")
            .destination("inlet", inlet.url(), inlet.ca_file(), kQuick);
    };
    agent_.start(tcp_to(first));
    Sender sender = Sender::tcp(agent_.listening("net"));
    const std::string lines = event_lines(0, 10);
    ASSERT_TRUE(sender.send(lines.substr(0, lines.size() / 2 + 7)));  // in the middle of a record

    ASSERT_TRUE(agent_.reload(tcp_to(second))) << agent_.process().err();

    ASSERT_TRUE(sender.send(lines.substr(lines.size() / 2 + 7)));
    ASSERT_TRUE(eventually([&] { return agent_.metrics().records("delivered") == 10; }));
    entities.read();
    EXPECT_GE(entities.size(), 5U);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, OpensASocketAnewThatHasOtherOptions) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    const std::string path = agent_.file("app.sock");
    const auto socket = [&](const std::string& more) {
        return AgentConfig{}
            .source("net", "type: unix, mode: stream, path: '" + path + "'" + more)
            .event_stream("events", "inlet")
            .destination("inlet", inlet.url(), inlet.ca_file(), kQuick);
    };
    agent_.start(socket(""));
    Sender before = Sender::unix_stream(path);
    ASSERT_TRUE(before.send(event_lines(0, 10)));

    ASSERT_TRUE(agent_.reload(socket(", framing: octet_counting"))) << agent_.process().err();

    EXPECT_TRUE(before.is_closed());
    Sender after = Sender::unix_stream(path);
    const std::string record = event(10);
    ASSERT_TRUE(after.send(std::to_string(record.size()) + " " + record));
    ASSERT_TRUE(has_all(entities, 11)) << agent_.process().err();
    EXPECT_THAT(entities.missing(event_ids(0, 11)), IsEmpty());
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, RefusesAnAddressThatIsTaken) {
    const InletProcess inlet;
    const std::string taken = "127.0.0.1:" + std::to_string(inlet.port());
    agent_.start(file_to(inlet));

    EXPECT_FALSE(agent_.reload(file_to(inlet).source("net", "type: tcp, listen: '" + taken + "'")));

    EXPECT_THAT(agent_.process().err(), HasSubstr(taken));
}

TEST_F(Reload, ReleasesAStreamThatIsHeldBecauseOfItsRecords) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    const auto with = [&](const std::string& timestamp) {
        return AgentConfig{}
            .file_source("app", agent_.file("app.ndjson"))
            .event_stream("events", "inlet",
                          "timestamp: " + timestamp + ", invalid_limit: {share: 0.1, of: 100}")
            .destination("inlet", inlet.url(), inlet.ca_file(), kQuick);
    };
    agent_.start(with("{from: field, field: at}"));  // there is none
    write(0, 1000);
    ASSERT_TRUE(eventually([&] { return agent_.count_in_log(" stream_held: ") == 1; }));
    constexpr std::size_t kRejected = 10;
    ASSERT_TRUE(eventually([&] { return agent_.dead_letters().size() == kRejected; }));

    ASSERT_TRUE(agent_.reload(with("{from: field, field: timestamp}"))) << agent_.process().err();

    ASSERT_TRUE(has_all(entities, 1000 - kRejected)) << agent_.process().err();
    ASSERT_TRUE(are_in_flight(0)) << agent_.process().err();
    EXPECT_EQ(entities.size(), 1000 - kRejected);
    EXPECT_EQ(agent_.dead_letters().size(), kRejected);
    EXPECT_EQ(entities.duplicates(), 0U);
    EXPECT_EQ(agent_.readiness().status, 200) << agent_.readiness().body;
    EXPECT_EQ(agent_.metrics().sum("aep_agent_stream_held"), 0);
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
}

/// AEP_RELOADS=1000 is its long form.
TEST_F(Reload, LosesAndRepeatsNothingUnderLoadWithTheInletDownAndUp) {
    const char* wanted = std::getenv("AEP_RELOADS");
    const int reloads = wanted == nullptr ? 100 : std::atoi(wanted);
    const InletProcess inlets[2];
    EntityLog logs[2] = {EntityLog{inlets[0].entities_file()}, EntityLog{inlets[1].entities_file()}};
    std::mt19937_64 random{7};
    const auto pick = [&random](int below) {
        return static_cast<int>(random() % static_cast<unsigned>(below));
    };
    int options = 0;
    const auto config = [&](int inlet) {
        ++options;
        AgentConfig made;
        made.file_source("app", agent_.file("app.ndjson"), "events",
                         "gather: " + std::to_string(1 + options % 5) + "ms")
            .file_source("crm", agent_.file("crm.ndjson"), "members")
            .source("net", "type: tcp, listen: '127.0.0.1:0'", options % 3 == 0 ? "others" : "events")
            .event_stream("events", "inlet", "source_name: v" + std::to_string(options))
            .event_stream("others", "beside")
            .profile_stream("members", "inlet")
            .destination("inlet", inlets[inlet].url(), inlets[inlet].ca_file(),
                         std::string{kQuick} + ", connections: " + std::to_string(1 + options % 4))
            .destination("beside", inlets[0].url(), inlets[0].ca_file(), kQuick);
        return made;
    };
    agent_.start(config(0));
    Sender sender = Sender::tcp(agent_.listening("net"));
    std::uint64_t in_file = 0;
    std::uint64_t in_socket = 1'000'000;
    std::uint64_t profiles = 0;
    const auto write_some = [&] {
        append(agent_.file("app.ndjson"), event_lines(in_file, 50));
        in_file += 50;
        ASSERT_TRUE(sender.send(event_lines(in_socket, 20)));
        in_socket += 20;
        std::string lines;
        for (int i = 0; i < 10; ++i) lines += profile(profiles++) + '\n';
        append(agent_.file("crm.ndjson"), lines);
    };
    for (int i = 0; i < reloads; ++i) {
        write_some();
        const int which = pick(2);
        if (pick(4) == 0) inlets[which].set_fault(R"({"status":503})");
        if (pick(2) == 0) inlets[which].clear_fault();
        write_some();
        ASSERT_TRUE(agent_.reload(config(pick(2)))) << agent_.process().err();
    }
    for (const InletProcess& inlet : inlets) inlet.clear_fault();

    const std::uint64_t all = in_file + (in_socket - 1'000'000) + profiles;
    ASSERT_TRUE(eventually([&] { return agent_.metrics().records("delivered") == static_cast<double>(all); }))
        << agent_.metrics_text() << agent_.process().err();
    std::size_t accepted = 0;
    for (EntityLog& log : logs) accepted += log.read();
    EXPECT_EQ(accepted, all);  // so nothing twice, where nothing is missing
    const auto is_missing = [&](const std::string& id) { return logs[0].count(id) + logs[1].count(id) != 1; };
    std::vector<std::string> ids = event_ids(0, in_file);
    for (const std::string& id : event_ids(1'000'000, in_socket - 1'000'000)) ids.push_back(id);
    for (std::uint64_t number = 0; number < profiles; ++number) ids.push_back(profile_id(number));
    EXPECT_EQ(std::ranges::count_if(ids, is_missing), 0);
    for (const char* source : {"app", "crm", "net"}) EXPECT_TRUE(agent_.metrics().adds_up(source)) << source;
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Reload, KeepsTheOrderOfProfiles) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    const auto config = [&](int connections) {
        return AgentConfig{}
            .file_source("crm", agent_.file("crm.ndjson"), "members")
            .profile_stream("members", "inlet")
            .destination(
                "inlet", inlet.url(), inlet.ca_file(),
                "batch: {linger: 5ms, max_messages: 20}, retry: {initial: 5ms, max: 20ms}, connections: " +
                    std::to_string(connections));
    };
    agent_.start(config(4));
    std::uint64_t profiles = 0;
    for (int i = 0; i < 30; ++i) {
        std::string lines;
        for (int j = 0; j < 100; ++j) lines += profile(profiles++) + '\n';
        append(agent_.file("crm.ndjson"), lines);
        if (i % 5 == 0) inlet.set_fault(R"({"status":503,"first":3})");
        ASSERT_TRUE(agent_.reload(config(1 + i % 4))) << agent_.process().err();
    }
    ASSERT_TRUE(has_all(entities, profiles)) << agent_.process().err();
    std::vector<std::string> expected;
    for (std::uint64_t number = 0; number < profiles; ++number) expected.push_back(profile_id(number));
    EXPECT_EQ(ids_in_order(inlet.entities_file()), expected);
    EXPECT_EQ(agent_.stop(), 0);
}

}  // namespace
}  // namespace aep::e2e
