#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// An agent that makes dead letters, a fix, and a replay of them.
class Replay : public testing::Test {
  protected:
    /// Records without an `_id`; of each two, one has its time where only the fixed configuration looks.
    static std::string half_invalid(int first, int count) {
        std::string lines;
        for (int i = first; i < first + count; ++i) {
            lines += fmt::format("{{\"{}\":\"2026-01-31T12:00:00Z\",\"n\":{}}}\n",
                                 i % 2 == 0 ? "timestamp" : "at", i);
        }
        return lines;
    }
    static constexpr const char* kFix = "timestamp: {from: field, field: at}";

    [[nodiscard]] AgentConfig config(const std::string& stream = "",
                                     const std::string& destination = "") const {
        AgentConfig config;
        config.event_stream("events", "inlet", stream)
            .destination("inlet", inlet_.url(), inlet_.ca_file(), destination)
            .file_source("app", agent_.file("events.ndjson"));
        return config;
    }

    void run_until_read(const AgentConfig& config, double records) {
        agent_.start(config);
        ASSERT_TRUE(eventually([&] {
            const MetricsPage page = agent_.metrics();
            return page.records("read") == records && page.records("in_flight") == 0;
        })) << agent_.process().err();
    }

    /// The configuration of the replay lies where the agent's own does, because paths start from there.
    [[nodiscard]] std::vector<std::string> replay_command(const AgentConfig& fixed,
                                                          std::vector<std::string> more = {}) const {
        const std::string file = agent_.file("fixed.yaml");
        fs::remove(file);
        append(file, fixed.yaml(0));
        std::vector<std::string> command{"replay", "-c", file};
        command.insert(command.end(), more.begin(), more.end());
        return command;
    }
    [[nodiscard]] Outcome replay(const AgentConfig& fixed, std::vector<std::string> more = {}) const {
        return run_command(replay_command(fixed, std::move(more)), dir_.path());
    }

    [[nodiscard]] fs::path letters() const { return agent_.file("state/dead-letter"); }
    [[nodiscard]] std::size_t files_in(const fs::path& directory) const {
        std::size_t files = 0;
        std::error_code none;
        for (const auto& entry : fs::directory_iterator{directory, none})
            files += entry.is_regular_file() ? 1 : 0;
        return files;
    }

    TempDir dir_;
    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
};

TEST_F(Replay, DeliversEachRecordOfABadDeploymentOnceAfterTheFix) {
    constexpr int kRecords = 20'000;
    append(agent_.file("events.ndjson"), half_invalid(0, kRecords));
    run_until_read(config(), kRecords);
    EXPECT_EQ(agent_.metrics().records("dead_lettered"), kRecords / 2);
    ASSERT_EQ(agent_.stop(), 0);
    ASSERT_EQ(entities_.read(), kRecords / 2U);

    const Outcome outcome = replay(config(kFix));

    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("replayed 10000 of 10000 dead letters in "));
    EXPECT_THAT(outcome.err, HasSubstr(": 10000 delivered, 0 rejected again\n"));
    EXPECT_EQ(entities_.read(), kRecords);
    EXPECT_EQ(entities_.duplicates(), 0U);
    EXPECT_EQ(files_in(letters()), 0U);
    EXPECT_GE(files_in(letters() / "replayed"), 1U);

    const Outcome again = replay(config(kFix));
    EXPECT_EQ(again.exit_code, 0);
    EXPECT_THAT(again.err, HasSubstr("nothing to replay"));
    EXPECT_EQ(entities_.read(), kRecords);
}

TEST_F(Replay, SendsRefusedEntitiesAgainAsTheyWere) {
    inlet_.set_fault(R"({"refuse_every":2})");
    append(agent_.file("events.ndjson"), event_lines(0, 1'000));
    run_until_read(config(), 1'000);
    ASSERT_EQ(agent_.stop(), 0);
    inlet_.clear_fault();

    // Nothing of the stream's settings may touch an entity: it has been shaped before.
    const Outcome outcome = replay(config("entity_id: {from: uuid}, timestamp: {from: ingest_time}"));

    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(entities_.read(), 1'000U);
    EXPECT_TRUE(entities_.missing(event_ids(0, 1'000)).empty());
    EXPECT_EQ(entities_.duplicates(), 0U);
}

TEST_F(Replay, GoesOnWhereItWasKilled) {
    constexpr int kRecords = 40'000;
    append(agent_.file("events.ndjson"), half_invalid(0, kRecords));
    run_until_read(config(), kRecords);
    ASSERT_EQ(agent_.stop(), 0);
    const std::size_t before = entities_.read();
    // One small request at a time, each answered late: the kill comes in the middle.
    inlet_.set_fault(R"({"delay_ms":100})");
    const std::string slow = "connections: 1, batch: {max_messages: 1000, linger: 20ms}";
    {
        std::vector<std::string> command = replay_command(config(kFix, slow));
        command.insert(command.begin(), AEP_AGENT_BINARY);
        Process process{{.command = command, .directory = dir_.path(), .name = "killed"}};
        ASSERT_TRUE(eventually([&] { return entities_.read() >= before + 6'000; })) << process.err();
        process.kill();
    }
    inlet_.clear_fault();
    const std::size_t sent = entities_.read() - before;
    ASSERT_LT(sent, kRecords / 2U);

    const Outcome outcome = replay(config(kFix));

    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    (void)entities_.read();
    EXPECT_EQ(entities_.distinct(), kRecords);  // generated ids are the same in both runs
    // What was on its way, and what was settled since the last save (200 ms: three answers).
    EXPECT_LE(entities_.duplicates(), 5'000U);
    EXPECT_LT(entities_.duplicates(), sent) << "it began anew";
    EXPECT_EQ(files_in(letters()), 0U);
}

TEST_F(Replay, RunsBesideADaemonThatGoesOnWriting) {
    append(agent_.file("events.ndjson"), half_invalid(0, 1'000));
    run_until_read(config(), 1'000);
    // The file is the daemon's until it rests.
    ASSERT_TRUE(eventually([&] { return replay(config(kFix)).err.find("delivered") != std::string::npos; }));
    EXPECT_EQ(entities_.read(), 1'000U);
    append(agent_.file("events.ndjson"), half_invalid(1'000, 1'000));
    ASSERT_TRUE(eventually([&] { return agent_.metrics().records("dead_lettered") == 1'000; }));
    ASSERT_TRUE(eventually([&] { return replay(config(kFix)).err.find("delivered") != std::string::npos; }));

    EXPECT_EQ(entities_.read(), 2'000U);
    EXPECT_EQ(entities_.duplicates(), 0U);
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
    EXPECT_EQ(agent_.stop(), 0);
    EXPECT_EQ(files_in(letters()), 0U);
}

TEST_F(Replay, LeavesAloneWhatADaemonIsWriting) {
    append(agent_.file("events.ndjson"), half_invalid(0, 10));
    run_until_read(config(), 10);
    const std::string file = fs::directory_iterator {
        letters()
        } -> path();
    const Outcome all = replay(config(kFix));
    EXPECT_EQ(all.exit_code, 0) << all.err;
    const Outcome named = replay(config(kFix), {file});
    if (named.exit_code == 0)
        GTEST_SKIP() << "this machine took longer than the 5 s after which it is closed";
    EXPECT_THAT(all.err, HasSubstr(file + " is in use"));
    EXPECT_EQ(named.exit_code, 3) << named.err;
    EXPECT_THAT(named.err, HasSubstr(file + " is in use"));
}

TEST_F(Replay, MakesNewDeadLettersWithTheirHistoryOfWhatIsRejectedAgain) {
    append(agent_.file("events.ndjson"), half_invalid(0, 10) + "not json\n");
    run_until_read(config(), 11);
    ASSERT_EQ(agent_.stop(), 0);
    const auto first = agent_.dead_letters();
    ASSERT_EQ(first.size(), 6U);

    const Outcome outcome = replay(config(kFix));

    EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("5 delivered, 1 rejected again (see "));
    const auto again = agent_.dead_letters();
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].code, "invalid_json");
    EXPECT_EQ(again[0].content, "not json");
    EXPECT_EQ(again[0].source, "app");
    EXPECT_EQ(again[0].file, first.back().file);
    EXPECT_EQ(again[0].position, first.back().position);
    EXPECT_EQ(again[0].replays, 1U);
    EXPECT_FALSE(again[0].first_time.empty());

    EXPECT_EQ(replay(config(kFix), {"--rejected", dir_ / "rejected.ndjson"}).exit_code, 1);
    EXPECT_TRUE(agent_.dead_letters().empty());
    const auto third = read_dead_letters(dir_ / "rejected.ndjson");
    ASSERT_EQ(third.size(), 1U);
    EXPECT_EQ(third[0].replays, 2U);
    EXPECT_EQ(third[0].first_time, again[0].first_time);
}

TEST_F(Replay, AsRootLeavesAllFilesToWhoseTheDirectoryIs) {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    append(agent_.file("events.ndjson"), half_invalid(0, 10) + "not json\n");
    run_until_read(config(), 11);
    ASSERT_EQ(agent_.stop(), 0);
    ASSERT_EQ(::chown(letters().c_str(), kNobody, kNobody), 0);
    for (const auto& entry : fs::directory_iterator{letters()}) {
        ASSERT_EQ(::chown(entry.path().c_str(), kNobody, kNobody), 0);
    }
    const auto strangers = [&] {
        std::string found;
        for (const auto& entry : fs::recursive_directory_iterator{letters()}) {
            struct ::stat status {};
            EXPECT_EQ(::stat(entry.path().c_str(), &status), 0);
            if (status.st_uid != kNobody || status.st_gid != kNobody) found += entry.path().string() + "\n";
        }
        return found;
    };
    EXPECT_EQ(replay(config(kFix), {"--where", "code=timestamp_missing"}).exit_code, 0);
    EXPECT_EQ(strangers(), "");  // there is a FILE.done now
    EXPECT_EQ(files_in(letters()), 2U);
    EXPECT_EQ(replay(config(kFix)).exit_code, 1);
    EXPECT_EQ(strangers(), "");  // a new file of letters, and what was replayed
    EXPECT_EQ(files_in(letters() / "replayed"), 1U);
    const Outcome purged = run_command(
        {"dead-letter", "purge", "--where", "code=refused", "--yes", "-c", agent_.file("fixed.yaml")},
        dir_.path());
    EXPECT_EQ(purged.exit_code, 0) << purged.err;
    EXPECT_EQ(strangers(), "");
}

TEST_F(Replay, SendsOnlyWhatWasChosenAndKeepsTheRest) {
    append(agent_.file("events.ndjson"), half_invalid(0, 10) + "not json\n");
    run_until_read(config(), 11);
    ASSERT_EQ(agent_.stop(), 0);

    const Outcome outcome = replay(config(kFix), {"--where", "code=timestamp_missing"});

    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(entities_.read(), 10U);
    const Outcome list = run_command({"dead-letter", "ls", "-c", agent_.file("fixed.yaml")}, dir_.path());
    EXPECT_EQ(list.exit_code, 0) << list.err;
    EXPECT_THAT(list.out, HasSubstr("invalid_json"));
    EXPECT_THAT(list.out, testing::Not(HasSubstr("timestamp_missing")));
    EXPECT_THAT(list.out, HasSubstr("(5 more are replayed)"));
}

TEST_F(Replay, GivesUpAndGoesOnLater) {
    append(agent_.file("events.ndjson"), half_invalid(0, 100));
    run_until_read(config(), 100);
    ASSERT_EQ(agent_.stop(), 0);
    inlet_.set_fault(R"({"stall":true})");

    const Outcome outcome = replay(config(kFix), {"--timeout", "1s"});
    EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("gave up after 1s without progress"));
    EXPECT_THAT(outcome.err, HasSubstr("run it again to go on where it was"));

    inlet_.clear_fault();
    EXPECT_EQ(replay(config(kFix)).exit_code, 0);
    (void)entities_.read();
    EXPECT_EQ(entities_.distinct(), 100U);
}

TEST_F(Replay, SaysWhichLettersTheConfigurationCannotSend) {
    append(agent_.file("events.ndjson"), half_invalid(0, 2));
    run_until_read(config(), 2);
    ASSERT_EQ(agent_.stop(), 0);
    AgentConfig other;
    other.event_stream("clicks", "inlet", kFix).destination("inlet", inlet_.url(), inlet_.ca_file());
    const Outcome outcome = replay(other);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(".ndjson:1: the configuration has no stream 'events'"));
    EXPECT_THAT(outcome.err, HasSubstr("--where 'stream!=events'"));
}

}  // namespace
}  // namespace aep::e2e
