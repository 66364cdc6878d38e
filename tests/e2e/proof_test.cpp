#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

/// Streams with a schema: what is delivered, what becomes a dead letter, what holds a stream.
namespace aep::e2e {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kSchema = R"({
  "$id": "https://ns.adobe.com/acme/schemas/events", "type": "object", "meta:xdmType": "object",
  "properties": {
    "_id": {"type": "string"}, "timestamp": {"type": "string", "format": "date-time"},
    "price": {"type": "number"}, "level": {"type": "string", "enum": ["gold", "silver"]},
    "identityMap": {"type": "object", "additionalProperties": {"type": "array"}}},
  "required": ["_id", "timestamp"]})";

std::string event_with(const std::string& id, const std::string& more) {
    return R"({"_id":")" + id + R"(","timestamp":"2026-01-31T12:00:00Z",)" + more + "}\n";
}

class Proof : public testing::Test {
  protected:
    /// Starts an agent whose stream has kSchema and `more`, and gives it these records.
    void run(const std::string& more, const std::string& records) {
        append(agent_.file("schema.json"), kSchema);
        append(agent_.file("events.ndjson"), records);
        agent_.start(AgentConfig{}
                         .schema_file("schema.json")
                         .event_stream("events", "inlet", more)
                         .destination("inlet", inlet_.url(), inlet_.ca_file())
                         .file_source("app", agent_.file("events.ndjson")));
    }
    [[nodiscard]] bool settles(double delivered, double dead_lettered) {
        return eventually([&] {
            const MetricsPage page = agent_.metrics();
            return page.records("delivered") == delivered && page.records("dead_lettered") == dead_lettered;
        });
    }

    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
};

TEST_F(Proof, StrictDeliversWhatIsValidAndKeepsTheRestWithItsReasons) {
    run("", event_with("ok-1", R"("price":12.50)") +
                event_with("bad-1", R"("price":"12,50","level":"tin","x":1)") +
                event_with("bad-2", R"("identityMap":{"ECID":[{"id":"123"}]})") +
                R"({"timestamp":"2026-01-31T12:00:00Z","level":"gold"})" + "\n");
    ASSERT_TRUE(settles(2, 2)) << agent_.process().err();
    const auto letters = agent_.dead_letters();
    ASSERT_EQ(letters.size(), 2U);
    EXPECT_EQ(letters[0].code, "schema_invalid");
    EXPECT_THAT(letters[0].errors, ElementsAre("additionalProperties ", "enum /level", "type /price"));
    EXPECT_EQ(letters[1].code, "identity_map_invalid");
    EXPECT_THAT(letters[1].errors, ElementsAre("pattern /identityMap/ECID/0/id"));
    EXPECT_EQ(agent_.metrics().sum("aep_agent_violations_total", "keyword=\"type\""), 1);
    EXPECT_THAT(agent_.process().err(), Not(HasSubstr("12,50"))) << "no record contents in the log";
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Proof, WarnSendsAndCounts) {
    run("validate: warn", event_with("ok-1", R"("price":1)") + event_with("bad-1", R"("price":"x")"));
    ASSERT_TRUE(settles(2, 0)) << agent_.process().err();
    const MetricsPage page = agent_.metrics();
    EXPECT_EQ(page.sum("aep_agent_records_tolerated_total", "stream=\"events\""), 1);
    EXPECT_EQ(page.sum("aep_agent_violations_total", "keyword=\"type\""), 1);
    EXPECT_THAT(agent_.process().err(), HasSubstr("type at /price"));
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Proof, NoneLooksAtNothing) {
    run("validate: none", event_with("1", R"("price":"x","y":1,"identityMap":7)"));
    ASSERT_TRUE(settles(1, 0)) << agent_.process().err();
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Proof, StripAndCoerceMakeRecordsValid) {
    run("unknown_keys: strip, coerce: [number_from_string, timestamp, trim, drop_nulls]",
        event_with("e-1", R"("price":"12.50","x":{"y":1},"level":null)") +
            R"({"_id":"e-2","timestamp":"2026-01-31 12:00:00+0100","level":" gold "})" + "\n");
    ASSERT_TRUE(settles(2, 0)) << agent_.process().err();
    EXPECT_THAT(inlet_.entity("e-1"),
                AllOf(HasSubstr("\"price\":12.50"), Not(HasSubstr("\"x\"")), Not(HasSubstr("null"))));
    EXPECT_THAT(inlet_.entity("e-2"), AllOf(HasSubstr("2026-01-31T12:00:00+01:00"), HasSubstr("\"gold\"")));
    const MetricsPage page = agent_.metrics();
    EXPECT_EQ(page.sum("aep_agent_keys_stripped_total", "stream=\"events\""), 1);
    for (const char* kind : {"number_from_string", "timestamp", "trim", "drop_nulls"}) {
        EXPECT_EQ(page.sum("aep_agent_values_coerced_total", "kind=\"" + std::string{kind} + "\""), 1)
            << kind;
    }
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Proof, AWrongDeploymentHoldsTheStream) {
    std::string records = event_lines(0, 100);
    for (int i = 0; i < 500; ++i) records += event_with("bad-" + std::to_string(i), R"("price":"x")");
    append(agent_.file("schema.json"),
           R"({"properties":{"price":{"type":"number"}},"additionalProperties":true})");
    append(agent_.file("events.ndjson"), records);
    const auto config = [&](const std::string& more) {
        return AgentConfig{}
            .schema_file("schema.json")
            .event_stream("events", "inlet", more)
            .destination("inlet", inlet_.url(), inlet_.ca_file())
            .file_source("app", agent_.file("events.ndjson"));
    };
    agent_.start(config("invalid_limit: {share: 0.1, of: 200}"));
    ASSERT_TRUE(eventually([&] {
        return agent_.metrics().sum("aep_agent_stream_held", "reason=\"invalid_limit\"") == 1;
    })) << agent_.process().err();
    ASSERT_TRUE(settles(100, 20)) << agent_.process().err();
    // Later records wait in the file.
    append(agent_.file("events.ndjson"), event_lines(1000, 10));
    EXPECT_THAT(agent_.readiness().body, HasSubstr("stream events: invalid_limit"));
    EXPECT_THAT(agent_.process().err(), AllOf(HasSubstr("stream_held"), HasSubstr("type at /price (21)")));
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
    EXPECT_EQ(agent_.metrics().records("dead_lettered"), 20);
    (void)agent_.stop();
    EXPECT_EQ(agent_.dead_letters().size(), 20U);
}

TEST_F(Proof, AWrongSchemaIsAnErrorOfTheConfiguration) {
    TempDir dir;
    dir.write("schema.json", R"({"properties":{"a":{"type":"strng"}}})");
    const std::string file = dir.write("agent.yaml", AgentConfig{}
                                                         .schema_file("schema.json")
                                                         .event_stream("events", "inlet")
                                                         .destination("inlet", inlet_.url(), inlet_.ca_file())
                                                         .file_source("app", "/nowhere/events.ndjson")
                                                         .yaml(0));
    for (const char* command : {"check", "run"}) {
        const Outcome outcome = run_command({command, "-c", file}, dir.path());
        EXPECT_EQ(outcome.exit_code, 2) << command;
        EXPECT_THAT(outcome.err, HasSubstr("schema.json: /properties/a/type: ")) << command;
        EXPECT_THAT(outcome.out, IsEmpty());
    }
}

TEST_F(Proof, SendGivesUpAtOnceWhenItsStreamIsHeld) {
    TempDir dir;
    std::string records;
    for (int i = 0; i < 50; ++i) records += "broken\n";
    const std::string file = dir.write("events.ndjson", records);
    const std::string config =
        dir.write("agent.yaml", AgentConfig{}
                                    .event_stream("events", "inlet", "invalid_limit: {of: 10}")
                                    .destination("inlet", inlet_.url(), inlet_.ca_file())
                                    .yaml(0));
    const Outcome outcome =
        run_command({"send", file, "-c", config, "--rejected", dir / "rejected.ndjson"}, dir.path());
    EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("more records are invalid than the stream's invalid_limit allows"));
    EXPECT_EQ(read_dead_letters(dir / "rejected.ndjson").size(), 2U);
}

}  // namespace
}  // namespace aep::e2e
