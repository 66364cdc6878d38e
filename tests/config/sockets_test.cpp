#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/fixture.hpp"

namespace aep::config {
namespace {

using source::Framing;
using testing::ElementsAre;
using testing::IsEmpty;
using Type = source::SourceOptions::Type;

class Sockets : public testing::Test {
  protected:
    /// The good configuration with these sources in place of its own, each as flow YAML.
    void load(const std::vector<std::string>& sources) {
        std::string list;
        for (const std::string& source : sources) list += "  - {" + source + ", stream: events}\n";
        constexpr const char* kOwn =
            "  - id: web\n    type: file\n    include: [/var/log/shop/*.json]\n    stream: events\n";
        load_text(with(kGood, kOwn, list));
    }
    void load_text(const std::string& text) {
        LoadOutcome outcome = directory_.load_text(text);
        problems_ = directory_.lines(outcome.problems);
        warnings_ = directory_.lines(outcome.warnings);
        config_ = std::move(outcome.config);
    }
    [[nodiscard]] source::SourceOptions only(const std::string& source) {
        load({source});
        EXPECT_THAT(problems_, IsEmpty());
        return config_ ? config_->sources.at(0).options : source::SourceOptions{};
    }
    [[nodiscard]] std::vector<std::string> problems_of(const std::string& source) {
        load({source});
        return problems_;
    }

    ConfigDirectory directory_;
    std::vector<std::string> problems_;
    std::vector<std::string> warnings_;
    std::optional<Config> config_;
};

TEST_F(Sockets, OfTypeTcpHaveTheirKeys) {
    const auto plain = only("id: a, type: tcp, listen: '127.0.0.1:5170'");
    EXPECT_EQ(plain.type, Type::Tcp);
    EXPECT_EQ(plain.framing, Framing::Newline);
    EXPECT_EQ(plain.max_connections, 1000U);
    EXPECT_EQ(plain.idle_timeout, std::chrono::minutes{5});
    EXPECT_TRUE(plain.tls.cert_file.empty());

    const auto full = only(
        "id: a, type: tcp, listen: '[::1]:0', framing: auto, max_connections: 7, idle_timeout: never, "
        "tls: {cert_file: c.pem, key_file: k.pem, client_ca_file: ca.pem}");
    EXPECT_EQ(full.listen, "[::1]:0");
    EXPECT_EQ(full.framing, Framing::Auto);
    EXPECT_EQ(full.max_connections, 7U);
    EXPECT_EQ(full.idle_timeout, base::Millis{0});
    EXPECT_EQ(full.tls.cert_file, directory_.path() / "c.pem");
    EXPECT_EQ(full.tls.client_ca_file, directory_.path() / "ca.pem");
}

TEST_F(Sockets, AreFramedAsTheirCodecSaysUnlessToldOtherwise) {
    EXPECT_EQ(only("id: a, type: tcp, listen: '127.0.0.1:1', codec: json").framing, Framing::Json);
    EXPECT_EQ(only("id: a, type: tcp, listen: '127.0.0.1:1', codec: json, framing: newline").framing,
              Framing::Newline);
    EXPECT_EQ(only("id: a, type: unix, path: a.sock, framing: octet_counting").framing,
              Framing::OctetCounting);
}

TEST_F(Sockets, OfTypeUdpAndUnixHaveTheirKeys) {
    EXPECT_EQ(only("id: a, type: udp, listen: '127.0.0.1:5171'").receive_buffer, std::size_t{4} << 20U);
    const auto stream = only("id: a, type: unix, path: a.sock");
    EXPECT_EQ(stream.type, Type::UnixStream);
    EXPECT_EQ(stream.path, directory_.path() / "a.sock");
    EXPECT_EQ(stream.permissions, 0660U);
    const auto datagram = only("id: a, type: unix, path: a.sock, mode: datagram, permissions: 0600");
    EXPECT_EQ(datagram.type, Type::UnixDatagram);
    EXPECT_EQ(datagram.permissions, 0600U);
}

TEST_F(Sockets, AreToldOfKeysThatAreNotTheirs) {
    EXPECT_THAT(problems_of("id: a, type: udp, listen: '127.0.0.1:1', max_connections: 1"),
                ElementsAre("agent.yaml:7:64: sources[0].max_connections: has no effect here, it is only for "
                            "connections; remove it"));
    EXPECT_THAT(problems_of("id: a, type: unix, path: p, mode: datagram, framing: auto"),
                ElementsAre("agent.yaml:7:59: sources[0].framing: has no effect here, it is only for "
                            "connections: a datagram is one record; remove it"));
    EXPECT_THAT(problems_of("id: a, type: unix, path: p, tls: {}"),
                ElementsAre("agent.yaml:7:39: sources[0].tls: has no effect here, it is only for type 'tcp'; "
                            "remove it"));
    EXPECT_THAT(
        problems_of("id: a, type: stdin, listen: '127.0.0.1:1'"),
        ElementsAre("agent.yaml:7:34: sources[0].listen: has no effect here, it is only for the types "
                    "'tcp' and 'udp'; remove it"));
}

TEST_F(Sockets, AreToldOfWrongValues) {
    EXPECT_THAT(problems_of("id: a, type: tcp"),
                ElementsAre("agent.yaml:7:5: sources[0]: 'listen' is missing; add `listen: "
                            "'127.0.0.1:5170'`"));
    EXPECT_THAT(problems_of("id: a, type: tcp, listen: '127.0.0.1:1', tls: {cert_file: c}"),
                ElementsAre("agent.yaml:7:52: sources[0].tls: 'key_file' is missing; add `key_file: FILE`"));
    EXPECT_THAT(
        problems_of("id: a, type: tcp, listen: '127.0.0.1:1', framing: auot"),
        ElementsAre("agent.yaml:7:56: sources[0].framing: 'auot' is not known; did you mean 'auto'?"));
    EXPECT_THAT(problems_of("id: a, type: unix, path: p, permissions: rw"),
                ElementsAre("agent.yaml:7:47: sources[0].permissions: 'rw' is not a file mode; write three "
                            "octal digits: '0660'"));
    EXPECT_THAT(problems_of("id: a, type: unix, path: /" + std::string(110, 'x')),
                ElementsAre("agent.yaml:7:31: sources[0].path: is 111 bytes long with its directory; the "
                            "system takes 107 for a socket; choose a shorter one"));
    EXPECT_THAT(problems_of("id: a, type: tcp, listen: '127.0.0.1:1', max_connections: 60000"),
                ElementsAre(testing::HasSubstr("more than half of agent.memory_limit; at most ")));
}

TEST_F(Sockets, MustNotListenWhereOthersDo) {
    load({"id: a, type: tcp, listen: '127.0.0.1:5170'", "id: b, type: tcp, listen: '0.0.0.0:5170'"});
    EXPECT_THAT(problems_, ElementsAre("agent.yaml:8:32: sources[1].listen: '0.0.0.0:5170' is taken by "
                                       "sources[0].listen at agent.yaml:7:32; choose another"));
    load({"id: a, type: unix, path: p", "id: b, type: unix, path: ./p, mode: datagram"});
    EXPECT_THAT(problems_, ElementsAre(testing::HasSubstr("sources[1].path: './p' is taken by")));
    load({"id: a, type: tcp, listen: '127.0.0.1:5170'", "id: b, type: udp, listen: '127.0.0.1:5170'",
          "id: c, type: tcp, listen: '127.0.0.2:5170'", "id: d, type: tcp, listen: '127.0.0.1:0'",
          "id: e, type: tcp, listen: '127.0.0.1:0'"});
    EXPECT_THAT(problems_, IsEmpty());
    load_text(with(with(kGood, "listen: off", "listen: '127.0.0.1:5170'"),
                   "streams:", "  - {id: a, type: tcp, listen: '127.0.0.1:5170', stream: events}\nstreams:"));
    EXPECT_THAT(problems_, ElementsAre(testing::HasSubstr("sources[1].listen: '127.0.0.1:5170' is taken by "
                                                          "telemetry.listen")));
}

TEST_F(Sockets, AreWarnedOfPrivilegedPortsAndOpenNetworks) {
    load({"id: a, type: tcp, listen: '127.0.0.1:514'"});
    EXPECT_THAT(warnings_, ElementsAre(testing::HasSubstr("ports below 1024 need a privilege")));
    load({"id: a, type: tcp, listen: '0.0.0.0:5170'"});
    EXPECT_THAT(warnings_, ElementsAre(testing::HasSubstr("set tls with client_ca_file")));
    load({"id: a, type: udp, listen: '192.0.2.1:5170'"});
    EXPECT_THAT(warnings_, ElementsAre(testing::HasSubstr("a network that you trust")));
    load({"id: a, type: tcp, listen: '0.0.0.0:5170', tls: {cert_file: c, key_file: k}",
          "id: b, type: tcp, listen: 'localhost:5171'", "id: c, type: tcp, listen: '[::1]:0'"});
    EXPECT_THAT(warnings_, IsEmpty());
    EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(Sockets, KnowTheirPeerAndFilesTheirFile) {
    const auto hash_of = [&](const std::string& field) {
        return with(kGood, "    destination: inlet",
                    "    entity_id: {from: hash, fields: [" + field + "]}\n    destination: inlet");
    };
    load_text(hash_of("_meta.host, _meta.file, _meta.offset"));
    EXPECT_THAT(problems_, IsEmpty());
    load_text(hash_of("_meta.peer"));
    EXPECT_THAT(problems_,
                ElementsAre(testing::HasSubstr("'_meta.peer' is not known of records of the source "
                                               "'web'; every record of it would be refused")));
    load_text(hash_of("_meta.hots"));
    EXPECT_THAT(problems_,
                ElementsAre(testing::HasSubstr("'_meta.hots' is not known of records; `_meta` has: "
                                               "source, host, file, peer, offset, received_at")));
}

TEST_F(Sockets, MayTakeTheTimeOfReadingForTheTimestamp) {
    load_text(with(kGood, "    destination: inlet",
                   "    timestamp: {from: field, field: _meta.received_at}\n    destination: inlet"));
    ASSERT_TRUE(config_);
    EXPECT_EQ(config_->streams.at(0).envelope.timestamp.from, xdm::TimestampOptions::From::IngestTime);
    load_text(with(kGood, "    destination: inlet",
                   "    timestamp: {from: field, field: _meta.file}\n    destination: inlet"));
    EXPECT_THAT(problems_, ElementsAre(testing::HasSubstr("of `_meta` only _meta.received_at is")));
}

}  // namespace
}  // namespace aep::config
