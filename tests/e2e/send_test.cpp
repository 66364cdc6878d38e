#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class Send : public testing::Test {
  protected:
    [[nodiscard]] Outcome send(std::vector<std::string> arguments) const {
        const std::string config = dir_.write("agent.yaml", AgentConfig::to(inlet_).yaml(0));
        arguments.insert(arguments.begin(), "send");
        arguments.insert(arguments.end(), {"-c", config});
        return run_command(arguments, dir_.path());
    }

    TempDir dir_;
    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
};

TEST_F(Send, DeliversAFileAndSumsItUp) {
    const std::string file = dir_.write("events.ndjson", event_lines(0, 20'000));

    const Outcome outcome = send({file});

    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, MatchesRegex("aep-agent send: read 20000 records in [0-9.]+ s \\([0-9]+/s\\): "
                                          "20000 delivered, 0 dead-lettered\n"));
    EXPECT_EQ(entities_.read(), 20'000U);
    EXPECT_TRUE(entities_.missing(event_ids(0, 20'000)).empty());
    EXPECT_EQ(entities_.duplicates(), 0U);
}

TEST_F(Send, DeliversSeveralFiles) {
    const std::string first = dir_.write("1.ndjson", event_lines(0, 1'000));
    const std::string second = dir_.write("2.ndjson", event_lines(1'000, 1'000));

    const Outcome outcome = send({first, second});

    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(entities_.read(), 2'000U);
    EXPECT_TRUE(entities_.missing(event_ids(0, 2'000)).empty());
}

TEST_F(Send, KeepsBrokenRecordsInTheRejectedFileAndExitsWithOne) {
    const std::string broken = "{\"_id\":\"b-1\"";
    const std::string before = event_lines(0, 10);
    const std::string file = dir_.write("events.ndjson", before + broken + "\n" + event_lines(10, 10));

    const Outcome outcome = send({file, "--rejected", dir_ / "rejected.ndjson"});

    EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
    EXPECT_THAT(outcome.err,
                HasSubstr("20 delivered, 1 dead-lettered (see " + (dir_ / "rejected.ndjson").string() + ")"));
    EXPECT_EQ(entities_.read(), 20U);
    const auto rejected = read_dead_letters(dir_ / "rejected.ndjson");
    ASSERT_EQ(rejected.size(), 1U);
    EXPECT_EQ(rejected[0].code, "invalid_json");
    EXPECT_EQ(rejected[0].file, file);
    EXPECT_EQ(rejected[0].position, before.size());
    EXPECT_EQ(rejected[0].content, broken);
}

TEST_F(Send, MakesTheSameIdsWhenTheSameFileIsSentAgain) {
    const std::string file = dir_.write("events.ndjson",
                                        "{\"timestamp\":\"2026-01-31T12:00:00Z\",\"n\":1}\n"
                                        "{\"timestamp\":\"2026-01-31T12:00:00Z\",\"n\":1}\n");

    EXPECT_EQ(send({file}).exit_code, 0);
    EXPECT_EQ(send({file}).exit_code, 0);

    EXPECT_EQ(entities_.read(), 4U);
    EXPECT_EQ(entities_.distinct(), 2U);  // the same bytes at two places are two records
}

TEST_F(Send, NeedsNoConfigurationFile) {
    const std::string file = dir_.write("events.ndjson", event_lines(0, 100));

    const Outcome outcome =
        run_command({"send", file, "--url", inlet_.url(), "--org", "0123456789ABCDEF@AdobeOrg", "--dataset",
                     "5e30d7986c0cc218a85cee65", "--schema", "https://ns.adobe.com/acme/schemas/events",
                     "--kind", "experience_event", "--ca", inlet_.ca_file()},
                    dir_.path());

    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(entities_.read(), 100U);
}

TEST_F(Send, GivesUpAfterItsTimeoutWithoutProgress) {
    inlet_.set_fault(R"({"stall":true})");
    const std::string file = dir_.write("events.ndjson", event_lines(0, 100));

    const Outcome outcome = send({file, "--timeout", "1s"});

    EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("gave up after 1s without progress"));
    EXPECT_THAT(outcome.err, HasSubstr("100 records read and not settled, send the input again"));
}

TEST_F(Send, SaysThatItGaveUpBecauseRejectsCannotBeKept) {
    const std::string file = dir_.write("events.ndjson", event_lines(0, 10) + "no record\n");

    const Outcome outcome = send({file, "--timeout", "1s", "--rejected", "/dev/full"});

    EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
    EXPECT_THAT(outcome.err,
                HasSubstr("gave up after 1s without progress: dead_letter: disk full; 1 records"));
}

}  // namespace
}  // namespace aep::e2e
