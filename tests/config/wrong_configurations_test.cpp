#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "config/fixture.hpp"

namespace aep::config {
namespace {

/// One change to the good configuration, and all that is said about it.
struct Case {
    std::string from;
    std::string to;
    std::vector<std::string> messages;
};

void PrintTo(const Case& wrong, std::ostream* out) {
    *out << wrong.from << " -> " << wrong.to;
}

class WrongConfiguration : public testing::TestWithParam<Case> {};

TEST_P(WrongConfiguration, IsReportedExactly) {
    const ConfigDirectory directory;
    const LoadOutcome outcome = directory.load_text(with(kGood, GetParam().from, GetParam().to));
    EXPECT_THAT(directory.lines(outcome.problems), testing::ElementsAreArray(GetParam().messages));
    EXPECT_FALSE(outcome.config.has_value());
}

const std::vector<Case> kKeys{
    {"linger: 500ms",
     "lingr: 500ms",
     {"agent.yaml:21:31: unknown key 'lingr' in destinations[0].batch; did you mean 'linger'?"}},
    {"telemetry:",
     "telemtry:",
     {"agent.yaml:22:1: unknown key 'telemtry' at the top level; did you mean 'telemetry'?"}},
    {"listen: off",
     "color: red",
     {"agent.yaml:23:3: unknown key 'color' in telemetry; known are: listen, log"}},
    {"linger: 500ms",
     "max_bytes: 1KB",
     {"agent.yaml:21:31: duplicate key 'max_bytes' in destinations[0].batch; first given at "
      "agent.yaml:21:13, "
      "remove one of them"}},
    {"    kind: experience_event\n",
     "",
     {"agent.yaml:12:5: streams[0]: 'kind' is missing; add `kind: experience_event` or `kind: profile`"}},
    {"    url: https://dcs.adobedc.net/collection/abc\n",
     "",
     {"agent.yaml:18:5: destinations[0]: 'url' is missing; add `url: "
      "https://dcs.adobedc.net/collection/INLET`"}},
    {"id: web\n    type", "type", {"agent.yaml:7:5: sources[0]: 'id' is missing; add `id: NAME`"}},
    {"{max_bytes: 900KB, linger: 500ms}",
     "[900KB]",
     {"agent.yaml:21:12: destinations[0].batch: expected a map, not a list"}},
    {"[/var/log/shop/*.json]",
     "/var/log/shop/*.json",
     {"agent.yaml:9:14: sources[0].include: expected a list, not a single value; write it as [value]"}},
    {"[/var/log/shop/*.json]",
     "[]",
     {"agent.yaml:9:14: sources[0].include: names no files; list at least one: [/var/log/app/*.json]"}},
    {"org_id: ORG@AdobeOrg",
     "org_id:",
     {"agent.yaml:5:5: platforms[0].org_id: has no value; give it one or remove the key"}},
    {"telemetry:\n  listen: off\n",
     "telemetry: {listen: off, <<: {a: b}}\n",
     {"agent.yaml:22:26: merge key '<<' in telemetry is not supported; write the keys out"}},
};

const std::vector<Case> kValues{
    {"900KB", "2MB", {"agent.yaml:21:24: destinations[0].batch.max_bytes: '2MB' is too large; at most 1MB"}},
    {"900KB",
     "1000",
     {"agent.yaml:21:24: destinations[0].batch.max_bytes: '1000' is too small; at least 1KiB"}},
    {"900KB",
     "900kb",
     {"agent.yaml:21:24: destinations[0].batch.max_bytes: '900kb' is not a size; write a whole number and a "
      "unit: "
      "900KB, 1MB, 64KiB, 1MiB, 1GiB"}},
    {"500ms",
     "500",
     {"agent.yaml:21:39: destinations[0].batch.linger: '500' is not a duration; write a whole number and a "
      "unit: "
      "500ms, 30s, 5m, 1h"}},
    {"memory_limit: 32MiB",
     "memory_limit: 4MiB",
     {"agent.yaml:2:17: agent.memory_limit: '4MiB' is too small; at least 8MiB"}},
    {"memory_limit: 32MiB",
     "workers: 0600",
     {"agent.yaml:2:12: agent.workers: '0600' is not a whole number; write one from 1 to 256"}},
    {"memory_limit: 32MiB",
     "workers: 300",
     {"agent.yaml:2:12: agent.workers: '300' is too large; at most 256"}},
    {"    stream: events",
     "    max_record: 10MiB\n    stream: events",
     {"agent.yaml:10:17: sources[0].max_record: '10MiB' is too large; at most 8MiB"}},
    {"    batch:",
     "    retry: {initial: 2m, max: 1m}\n    batch:",
     {"agent.yaml:21:22: destinations[0].retry.initial: initial (2m) is larger than max (1m); make initial "
      "the "
      "smaller one"}},
    {"    batch:",
     "    tls: {min_version: '1.1'}\n    batch:",
     {"agent.yaml:21:24: destinations[0].tls.min_version: '1.1' is not known; did you mean '1.2'?"}},
    {"    batch:",
     "    answers: perhaps\n    batch:",
     {"agent.yaml:21:14: destinations[0].answers: 'perhaps' is not known; use one of: per_message, any_2xx"}},
    {"    batch:",
     "    headers: {Host: a}\n    batch:",
     {"agent.yaml:21:15: destinations[0].headers.Host: is set by the agent itself; remove it"}},
    {"    batch:",
     "    headers: {x-a: \"a\\nb\"}\n    batch:",
     {"agent.yaml:21:15: destinations[0].headers.x-a: is not a header value; write one line without control "
      "characters"}},
    {"    batch:",
     "    headers: {'x a': b}\n    batch:",
     {"agent.yaml:21:15: destinations[0].headers.x a: is not a header name; use letters, digits and '-'"}},
    {"https://dcs",
     "http://dcs",
     {"agent.yaml:20:10: destinations[0].url: 'http://dcs.adobedc.net/collection/abc' is not encrypted; TLS "
      "is "
      "required: write https://"}},
    {"net/collection/abc",
     "net/abc",
     {"agent.yaml:20:10: destinations[0].url: 'https://dcs.adobedc.net/abc' has no path that begins with "
      "/collection/; write it as AEP gives it: https://dcs.adobedc.net/collection/INLET"}},
    {"dcs.adobedc.net/",
     "dcs.adobedc.net:99999/",
     {"agent.yaml:20:10: destinations[0].url: 'https://dcs.adobedc.net:99999/collection/abc' has no valid "
      "host and "
      "port; write it as AEP gives it: https://dcs.adobedc.net/collection/INLET"}},
    {"collection/abc",
     "collection/abc?syncValidation=true",
     {"agent.yaml:20:10: destinations[0].url: 'https://dcs.adobedc.net/collection/abc?syncValidation=true' "
      "has a "
      "query or fragment; remove it; a flow id has a key of its own, `flow_id` of the stream"}},
    {"5e30d7986c0cc218a85cee65",
     "customers",
     {"agent.yaml:15:17: streams[0].dataset_id: 'customers' is not a dataset id; it is the 24 hex digits at "
      "the "
      "end of the dataset's page address in AEP"}},
    {"https://ns.adobe.com/acme/schemas/abc",
     "_acme.schemas.abc",
     {"agent.yaml:14:18: streams[0].schema.id: '_acme.schemas.abc' is not a schema id; it is the schema's "
      "$id: "
      "https://ns.adobe.com/TENANT/schemas/HASH"}},
    {"id: web",
     "id: web site",
     {"agent.yaml:7:9: sources[0].id: 'web site' is not an id; use letters, digits, '_' and '-', at most "
      "64"}},
    {"listen: off",
     "listen: '9464'",
     {"agent.yaml:23:11: telemetry.listen: '9464' is not HOST:PORT; write e.g. 127.0.0.1:9464 or "
      "'[::1]:9464'"}},
    {"    dataset_id",
     "    timestamp: {format: iso, from: field, zone: Mars/Olympus}\n    dataset_id",
     {"agent.yaml:15:25: streams[0].timestamp.format: 'iso' is not a time format; use rfc3339, unix_s, "
      "unix_ms, or "
      "a pattern: '%d/%b/%Y:%H:%M:%S %z'",
      "agent.yaml:15:49: streams[0].timestamp.zone: 'Mars/Olympus' is not a time zone of this machine's "
      "database; "
      "use an IANA name: UTC, Europe/Berlin"}},
    {"    dataset_id",
     "    timestamp: {from: field, format: '%H:%M'}\n    dataset_id",
     {"agent.yaml:15:38: streams[0].timestamp.format: '%H:%M' is a pattern that reads no time; name year, "
      "month "
      "and day, with strptime's conversions: '%d/%b/%Y:%H:%M:%S %z'"}},
    {"    dataset_id",
     "    entity_id: field\n    dataset_id",
     {"agent.yaml:15:16: streams[0].entity_id: 'field' is missing; add `field: order.id`"}},
    {"    dataset_id",
     "    entity_id: {from: uuid, field: a}\n    dataset_id",
     {"agent.yaml:15:36: streams[0].entity_id.field: has no effect here, it is only for `from: field`; "
      "remove "
      "it"}},
};

const std::vector<Case> kReferences{
    {"stream: events",
     "stream: event",
     {"agent.yaml:10:13: sources[0].stream: there is no stream 'event'; did you mean 'events'?"}},
    {"destination: inlet",
     "destination: nowhere",
     {"agent.yaml:16:18: streams[0].destination: there is no destination 'nowhere'; defined are: inlet"}},
    {"platform: main",
     "platform: man",
     {"agent.yaml:19:15: destinations[0].platform: there is no platform 'man'; did you mean 'main'?"}},
    {"    platform: main\n",
     "",
     {"agent.yaml:16:18: streams[0].destination: the destination 'inlet' has no platform, whose org_id "
      "format xdm "
      "needs; add `platform: ID` to the destination"}},
    {"streams:",
     "  - {id: web, type: stdin, stream: events}\nstreams:",
     {"agent.yaml:11:10: sources[1].id: the source 'web' is defined twice; first at agent.yaml:7:9, rename "
      "or "
      "remove one of them"}},
    {"streams:",
     "  - {id: a, type: stdin, stream: events}\n  - {id: b, type: stdin, stream: events}\nstreams:",
     {"agent.yaml:12:19: sources[2].type: a second source of type 'stdin'; the first is at agent.yaml:11:19, "
      "keep "
      "one of them"}},
};

const std::vector<Case> kLater{
    {"type: file",
     "type: kafka\n    listen: '127.0.0.1:5170'",
     {"agent.yaml:8:11: sources[0].type: 'kafka' is not available in this version (0.1.0); this version has: "
      "file, stdin, tcp, udp, unix"}},
    {"type: file",
     "type: file\n    framing: octet_counting",
     {"agent.yaml:9:14: sources[0].framing: 'octet_counting' is not available in this version (0.1.0); this "
      "version "
      "has: newline"}},
    {"type: file",
     "type: file\n    codec: csv",
     {"agent.yaml:9:12: sources[0].codec: 'csv' is not available in this version (0.1.0); this version has: "
      "ndjson, "
      "json"}},
    {"    dataset_id",
     "    validate: strict\n    mapping: m.yaml\n    dataset_id",
     {"agent.yaml:16:14: streams[0].mapping: not available in this version (0.1.0); remove it"}},
    {"    batch:",
     "    buffer: {type: disk, max_bytes: 1GiB, whn_full: block}\n    batch:",
     {"agent.yaml:21:43: unknown key 'whn_full' in destinations[0].buffer; did you mean 'when_full'?"}},
    {"org_id: ORG@AdobeOrg",
     "org_id: ORG@AdobeOrg\n    limits: {requests_per_second: 0, messages_per_second: fast, share: 1.5}",
     {"agent.yaml:6:35: platforms[0].limits.requests_per_second: '0' is too small; at least 1",
      "agent.yaml:6:59: platforms[0].limits.messages_per_second: 'fast' is not a whole number; write one "
      "from 1 to 10000000",
      "agent.yaml:6:72: platforms[0].limits.share: '1.5' is not a fraction; write a number above 0 and at "
      "most 1, such as 0.25"}},
    {"telemetry:",
     "receipts: {dir: receipts, max_byte: 1MiB}\ntelemetry:",
     {"agent.yaml:22:27: unknown key 'max_byte' in receipts; did you mean 'max_bytes'?"}},
};

INSTANTIATE_TEST_SUITE_P(Keys, WrongConfiguration, testing::ValuesIn(kKeys));
INSTANTIATE_TEST_SUITE_P(Values, WrongConfiguration, testing::ValuesIn(kValues));
INSTANTIATE_TEST_SUITE_P(References, WrongConfiguration, testing::ValuesIn(kReferences));
INSTANTIATE_TEST_SUITE_P(LaterFeatures, WrongConfiguration, testing::ValuesIn(kLater));

TEST(WrongConfigurations, AreReportedAllAtOnceInTheOrderOfTheFile) {
    const ConfigDirectory directory;
    std::string text = with(kGood, "linger", "lingr");
    text = with(text, "32MiB", "lots");
    text = with(text, "stream: events", "stream: evens");
    const auto lines = directory.lines(directory.load_text(text).problems);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_THAT(lines[0], testing::StartsWith("agent.yaml:2:17: agent.memory_limit: "));
    EXPECT_THAT(lines[1], testing::StartsWith("agent.yaml:10:13: sources[0].stream: "));
    EXPECT_THAT(lines[2], testing::StartsWith("agent.yaml:21:31: unknown key 'lingr'"));
}

TEST(WrongConfigurations, SayWhereTheSyntaxIsWrong) {
    const ConfigDirectory directory;
    EXPECT_THAT(directory.lines(directory.load_text("agent:\n  - a\n b: c\n").problems),
                testing::ElementsAre(testing::StartsWith("agent.yaml:3:2: not valid YAML: ")));
}

TEST(WrongConfigurations, ExplainVariablesWithoutQuotesInBraces) {
    const ConfigDirectory directory;
    const auto lines = directory.lines(directory.load_text("agent: {id: ${NAME}}\n").problems);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_THAT(lines[0], testing::HasSubstr("must be in quotes"));
}

TEST(WrongConfigurations, BoundWhatAliasesMakeOfAFile) {
    const ConfigDirectory directory;
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        const std::vector<std::string> ten(10, fmt::format("*a{}", i - 1));
        text += fmt::format("a{0}: &a{0} [{1}]\n", i, fmt::join(ten, ", "));
    }
    EXPECT_THAT(directory.lines(directory.load_text(text).problems),
                testing::Contains(testing::HasSubstr("more than 100000 values")));
}

const std::vector<Case> kProxies{
    {"    batch:",
     "    proxy: https://user:s3cret@proxy:3128\n    batch:",
     {"agent.yaml:21:12: destinations[0].proxy: is not the URL of an HTTP proxy; write http://HOST:PORT, "
      "http://USER:PASSWORD@HOST:PORT or none"}},
    {"    batch:",
     "    proxy: http://user:s3cret/@proxy:99999\n    batch:",
     {"agent.yaml:21:12: destinations[0].proxy: has no valid host and port; percent-encode special "
      "characters "
      "of user and password; write http://HOST:PORT, http://USER:PASSWORD@HOST:PORT or none"}},
    {"    batch:",
     "    tls: {cert_file: client.pem}\n    batch:",
     {"agent.yaml:21:22: destinations[0].tls.cert_file: a client certificate is a pair of files; give both "
      "cert_file and key_file"}},
};
INSTANTIATE_TEST_SUITE_P(Proxies, WrongConfiguration, testing::ValuesIn(kProxies));

TEST(WrongConfigurations, AreNamesThatNoJsonCanHold) {
    ConfigDirectory directory;
    directory.set("NAME", "shop \xFF");
    const LoadOutcome outcome = directory.load_text(with(
        kGood, "    kind: experience_event\n", "    kind: experience_event\n    source_name: ${NAME}\n"));
    EXPECT_THAT(directory.lines(outcome.problems),
                testing::ElementsAre("agent.yaml:14:18: streams[0].source_name: the value of ${NAME} is not "
                                     "UTF-8; it becomes part of the messages' JSON"));
}

TEST(WrongConfigurations, DoNotTellThePasswordInAUrl) {
    const ConfigDirectory directory;
    const LoadOutcome outcome =
        directory.load_text(with(kGood, "https://dcs.adobedc.net/", "https://me:s3cr@t@dcs.adobedc.net/"));
    EXPECT_THAT(directory.lines(outcome.problems),
                testing::ElementsAre("agent.yaml:20:10: destinations[0].url: "
                                     "'https://***@dcs.adobedc.net/collection/abc' holds a user name; remove "
                                     "it; the inlet knows none"));
}

TEST(WrongConfigurations, DoNotTellThePasswordThatMakesAUrlWrong) {
    const ConfigDirectory directory;
    for (const std::string url :
         {"http://me:s3/cr3t@host/", "ftp://me:s3?cr3t@host", "https://me:s3#cr3t@host",
          "me:s3cr3t@host:443/", "https//me:s3cr3t@host"}) {
        const auto lines = directory.lines(
            directory.load_text(with(kGood, "https://dcs.adobedc.net/collection/abc", "'" + url + "'"))
                .problems);
        ASSERT_EQ(lines.size(), 1U) << url;
        EXPECT_THAT(lines[0], testing::HasSubstr("***@host"));
        EXPECT_THAT(lines[0], testing::Not(testing::HasSubstr("cr3t")));
    }
}

TEST(WrongConfigurations, TellWhatIsNoUrlAsItIs) {
    const ConfigDirectory directory;
    EXPECT_THAT(
        directory.lines(directory.load_text(with(kGood, "stream: events", "stream: me@host")).problems),
        testing::ElementsAre(testing::HasSubstr("'me@host'")));
}

TEST(WrongConfigurations, AreWordsInCapitals) {
    const ConfigDirectory directory;
    const LoadOutcome outcome =
        directory.load_text(with(kGood, "    kind: experience_event\n", "    kind: EXPERIENCE_EVENT\n"));
    EXPECT_THAT(
        directory.lines(outcome.problems),
        testing::ElementsAre("agent.yaml:13:11: streams[0].kind: 'EXPERIENCE_EVENT' is not known; did "
                             "you mean 'experience_event'?"));
}

TEST(WrongConfigurations, AreFilesThatHoldNoMap) {
    const ConfigDirectory directory;
    EXPECT_THAT(
        directory.lines(directory.load_text("- a\n").problems),
        testing::ElementsAre("agent.yaml:1:1: the file is not a map of sections; write e.g. `sources:` on a "
                             "line"));
    EXPECT_THAT(directory.lines(directory.load_text("agent: {}\n---\nagent: {}\n").problems),
                testing::ElementsAre(testing::HasSubstr("a second YAML document begins here")));
}

TEST(WrongConfigurations, NameTheSectionsThatAnEmptyFileLacks) {
    const ConfigDirectory directory;
    EXPECT_THAT(
        directory.lines(directory.load_text("").problems),
        testing::ElementsAre("agent.yaml:1:1: 'sources' is missing; add `sources:` with at least one entry "
                             "`- id: ...`",
                             "agent.yaml:1:1: 'streams' is missing; add `streams:` with at least one entry "
                             "`- id: ...`",
                             "agent.yaml:1:1: 'destinations' is missing; add `destinations:` with at least "
                             "one entry `- id: ...`"));
}

}  // namespace
}  // namespace aep::config
