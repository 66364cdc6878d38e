#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/fixture.hpp"

namespace aep::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

TEST(Load, FillsInTheDefaults) {
    const ConfigDirectory directory;
    const LoadOutcome outcome = directory.load_text(kGood);
    ASSERT_TRUE(outcome.config) << testing::PrintToString(directory.lines(outcome.problems));
    const Config& config = *outcome.config;
    EXPECT_EQ(config.agent.id, "");
    EXPECT_EQ(config.agent.workers, 0U);
    EXPECT_EQ(config.agent.state_dir, "/var/lib/aep-agent");
    EXPECT_EQ(config.dead_letter.dir, "/var/lib/aep-agent/dead-letter");
    EXPECT_EQ(config.telemetry.listen, "");
    const source::SourceOptions& source = config.sources.at(0).options;
    EXPECT_EQ(source.max_record, 1U << 20U);
    EXPECT_EQ(source.gather, 5ms);
    EXPECT_EQ(source.framing, source::Framing::Newline);
    const delivery::DestinationOptions& delivery = config.destination("inlet").delivery;
    EXPECT_EQ(delivery.connections, 4U);
    EXPECT_EQ(delivery.retry.max, 60s);
    EXPECT_FALSE(delivery.give_up_after.has_value());
    EXPECT_THAT(outcome.warnings, IsEmpty());
}

TEST(Load, CompletesTheEnvelopeOfEvents) {
    const ConfigDirectory directory;
    const LoadOutcome outcome = directory.load_text(kGood);
    ASSERT_TRUE(outcome.config);
    const pipeline::StreamOptions& stream = outcome.config->stream("events");
    EXPECT_EQ(stream.envelope.org_id, "ORG@AdobeOrg");
    EXPECT_EQ(stream.envelope.schema_version, "1");
    EXPECT_EQ(stream.envelope.id.from, xdm::IdOptions::From::ContentHash);
    EXPECT_EQ(stream.envelope.timestamp.from, xdm::TimestampOptions::From::Field);
    EXPECT_EQ(stream.envelope.timestamp.field, "timestamp");
    EXPECT_EQ(stream.order, pipeline::Order::None);
}

TEST(Load, LeavesProfilesAsTheyAreAndInOrder) {
    const ConfigDirectory directory;
    const LoadOutcome outcome = directory.load_text(with(kGood, "experience_event", "profile"));
    ASSERT_TRUE(outcome.config);
    const pipeline::StreamOptions& stream = outcome.config->stream("events");
    EXPECT_EQ(stream.envelope.id.from, xdm::IdOptions::From::Keep);
    EXPECT_EQ(stream.envelope.timestamp.from, xdm::TimestampOptions::From::None);
    EXPECT_EQ(stream.order, pipeline::Order::Source);
}

TEST(Load, NeedsOnlyAFlowForRawStreams) {
    const ConfigDirectory directory;
    std::string text = with(kGood, "    schema: {id: 'https://ns.adobe.com/acme/schemas/abc'}\n", "");
    text = with(text, "    dataset_id: 5e30d7986c0cc218a85cee65\n",
                "    format: raw\n    flow_id: 69f188b6-af07-4587-8061-e94d34637b41\n");
    text = with(text, "platforms:\n  - id: main\n    org_id: ORG@AdobeOrg\n", "");
    text = with(text, "    platform: main\n", "");
    const LoadOutcome outcome = directory.load_text(text);
    ASSERT_TRUE(outcome.config) << testing::PrintToString(directory.lines(outcome.problems));
    EXPECT_EQ(outcome.config->stream("events").envelope.flow_id, "69f188b6-af07-4587-8061-e94d34637b41");
    EXPECT_EQ(outcome.config->stream("events").envelope.id.from, xdm::IdOptions::From::Keep);
}

TEST(Load, TakesTheShortFormsOfSections) {
    const ConfigDirectory directory;
    std::string text = with(kGood, "type: file", "type: file\n    codec: json");
    text = with(text, "    dataset_id", "    entity_id: uuid\n    timestamp: ingest_time\n    dataset_id");
    const LoadOutcome outcome = directory.load_text(text);
    ASSERT_TRUE(outcome.config) << testing::PrintToString(directory.lines(outcome.problems));
    EXPECT_EQ(outcome.config->sources.at(0).codec.type, codec::CodecOptions::Type::Json);
    EXPECT_EQ(outcome.config->sources.at(0).options.framing, source::Framing::Json);
    const xdm::EnvelopeOptions& envelope = outcome.config->stream("events").envelope;
    EXPECT_EQ(envelope.id.from, xdm::IdOptions::From::Uuid);
    EXPECT_EQ(envelope.timestamp.from, xdm::TimestampOptions::From::IngestTime);
}

TEST(Load, ReadsEveryKeyThatIsGiven) {
    const ConfigDirectory directory;
    const std::string keys =
        "    connections: 7\n    answers: any_2xx\n    headers: {x-sandbox-name: prod}\n"
        "    timeout: {connect: 1s, request: 2s}\n    retry: {initial: 1s, max: 2s, give_up_after: 1h}\n"
        "    tls: {ca_file: ca.pem, min_version: '1.3'}\n";
    const LoadOutcome outcome = directory.load_text(with(kGood, "    batch:", keys + "    batch:"));
    ASSERT_TRUE(outcome.config) << testing::PrintToString(directory.lines(outcome.problems));
    const delivery::DestinationOptions& options = outcome.config->destination("inlet").delivery;
    EXPECT_EQ(options.connections, 7U);
    EXPECT_EQ(options.answers, delivery::Answers::Any2xx);
    EXPECT_THAT(options.headers, ElementsAre(testing::Pair("x-sandbox-name", "prod")));
    EXPECT_EQ(options.timeout.connect, 1s);
    EXPECT_EQ(options.timeout.request, 2s);
    EXPECT_EQ(options.retry.initial, 1s);
    EXPECT_EQ(options.give_up_after, 1h);
    EXPECT_EQ(options.tls.ca_file, (directory.path() / "ca.pem").string());
    EXPECT_EQ(options.tls.min_version, http::TlsOptions::MinVersion::Tls13);
}

TEST(Load, MakesPathsAbsoluteFromTheFileThatNamesThem) {
    const ConfigDirectory directory;
    directory.write("conf/agent.yaml", with(with(kGood, "[/var/log/shop/*.json]",
                                                 "[../in/*.json]\n    exclude: "
                                                 "['*.tmp', old/*.json]"),
                                            "memory_limit: 32MiB", "state_dir: state"));
    const LoadOutcome outcome = directory.load({"conf/agent.yaml"});
    ASSERT_TRUE(outcome.config) << testing::PrintToString(directory.lines(outcome.problems));
    const source::SourceOptions& source = outcome.config->sources.at(0).options;
    EXPECT_THAT(source.include, ElementsAre((directory.path() / "in/*.json").string()));
    EXPECT_THAT(source.exclude, ElementsAre("*.tmp", (directory.path() / "conf/old/*.json").string()));
    EXPECT_EQ(outcome.config->agent.state_dir, directory.path() / "conf/state");
    EXPECT_EQ(outcome.config->dead_letter.dir, directory.path() / "conf/state/dead-letter");
}

TEST(Load, TakesTheUrlOfTheBatchEndpointToo) {
    const ConfigDirectory directory;
    const LoadOutcome outcome = directory.load_text(with(kGood, "collection/abc", "collection/batch/abc"));
    ASSERT_TRUE(outcome.config);
    EXPECT_EQ(outcome.config->destination("inlet").delivery.url, "https://dcs.adobedc.net/collection/abc");
}

TEST(Load, AcceptsWhatThisVersionDoesAnyway) {
    const ConfigDirectory directory;
    std::string text =
        with(kGood, "    dataset_id", "    validate: none\n    unknown_keys: allow\n    dataset_id");
    text = with(
        text, "    batch:", "    auth: none\n    compression: none\n    buffer: {type: memory}\n    batch:");
    text = with(text, "org_id: ORG@AdobeOrg",
                "org_id: ORG@AdobeOrg\n    limits: {requests_per_second: unlimited, share: 1.0}");
    text = with(text, "type: file", "type: file\n    framing: newline");
    text = with(text, "telemetry:", "dead_letter: {when_full: hold}\ntelemetry:");
    const LoadOutcome outcome = directory.load_text(text);
    EXPECT_THAT(directory.lines(outcome.problems), IsEmpty());
    EXPECT_TRUE(outcome.config);
}

TEST(Load, KeepsBatchesSmallAgainstThePlatformsLimit) {
    const ConfigDirectory directory;
    const auto messages_with = [&](const std::string& limits, const std::string& batch) {
        std::string text = with(kGood, "org_id: ORG@AdobeOrg", "org_id: ORG@AdobeOrg\n    limits: " + limits);
        text = with(text, "    batch:", "    batch: " + batch + "\n    # batch:");
        const LoadOutcome outcome = directory.load_text(text);
        EXPECT_TRUE(outcome.config) << text << testing::PrintToString(directory.lines(outcome.problems));
        const std::size_t messages = outcome.config ? outcome.config->destinations[0].batch.max_messages : 0;
        return std::pair{messages, outcome.warnings.size()};
    };
    EXPECT_EQ(messages_with("{}", "{}"), (std::pair<std::size_t, std::size_t>{500, 0}));
    EXPECT_EQ(messages_with("{share: 0.1}", "{}"), (std::pair<std::size_t, std::size_t>{50, 0}));
    EXPECT_EQ(messages_with("{messages_per_second: unlimited}", "{}"),
              (std::pair<std::size_t, std::size_t>{5000, 0}));
    EXPECT_EQ(messages_with("{}", "{max_messages: 501}"), (std::pair<std::size_t, std::size_t>{500, 0}));
    EXPECT_EQ(messages_with("{}", "{max_messages: 500}"), (std::pair<std::size_t, std::size_t>{500, 0}));
}

TEST(Load, WarnsOfWhatNothingUses) {
    const ConfigDirectory directory;
    const LoadOutcome outcome = directory.load_text(
        with(kGood, "telemetry:", "  - {id: spare, url: 'https://localhost/collection/a'}\ntelemetry:"));
    EXPECT_TRUE(outcome.config);
    EXPECT_THAT(
        directory.lines(outcome.warnings),
        ElementsAre("agent.yaml:22:10: destinations[1].id: nothing uses the destination 'spare'; refer to "
                    "it, or remove it"));
}

TEST(Load, LetsACommandBringItsOwnSources) {
    const ConfigDirectory directory;
    std::string text{kGood};
    const auto sources = text.find("sources:");
    text.erase(sources, text.find("streams:") - sources);
    directory.write("agent.yaml", text);
    EXPECT_TRUE(directory.load({"agent.yaml"}, Sources::Optional).config);
    EXPECT_FALSE(directory.load({"agent.yaml"}).config);
}

TEST(Load, SaysWhichFileCannotBeRead) {
    const ConfigDirectory directory;
    EXPECT_THAT(
        directory.lines(directory.load({"none.yaml"}).problems),
        ElementsAre("none.yaml: cannot find it: No such file or directory; check the path given to -c"));
}

}  // namespace
}  // namespace aep::config
