#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"
#include "harness/small_disk.hpp"

namespace aep::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class DeadLetters : public testing::Test {
  protected:
    [[nodiscard]] AgentConfig config(const std::string& dead_letter = "") const {
        AgentConfig config = AgentConfig::to(inlet_).file_source("app", agent_.file("events.ndjson"));
        if (!dead_letter.empty()) config.section("dead_letter: {" + dead_letter + "}");
        return config;
    }
    /// Three letters of two kinds, and the agent is gone.
    void make_letters() {
        append(agent_.file("events.ndjson"), "no\n{\"n\":1}\nno\n" + event_lines(0, 1));
        agent_.start(config());
        ASSERT_TRUE(eventually([&] { return agent_.metrics().records("dead_lettered") == 3; }));
        ASSERT_EQ(agent_.stop(), 0);
    }
    [[nodiscard]] Outcome command(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "dead-letter");
        arguments.insert(arguments.end(), {"-c", agent_.file("agent.yaml")});
        return run_command(arguments, dir_.path());
    }

    TempDir dir_;
    InletProcess inlet_;
    AgentProcess agent_;
};

TEST_F(DeadLetters, AreListedByReason) {
    make_letters();
    const Outcome outcome = command({"ls"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, testing::ContainsRegex("invalid_json +events +2 +20"));
    EXPECT_THAT(outcome.out, testing::ContainsRegex("timestamp_missing +events +1 +20"));
    EXPECT_THAT(outcome.out, HasSubstr("in 1 files"));
    EXPECT_THAT(command({"ls", "--json"}).out, HasSubstr(R"({"letters":3,"bytes":)"));
    EXPECT_THAT(command({"ls", "--where", "code=refused"}).out, Not(HasSubstr("invalid_json")));
}

TEST_F(DeadLetters, AreShownWithWhatIsNeededToFindTheRecord) {
    make_letters();
    const Outcome outcome = command({"show", "--where", "code=timestamp_missing"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("timestamp_missing  stream events"));
    EXPECT_THAT(outcome.out, HasSubstr("file       " + agent_.file("events.ndjson")));
    EXPECT_THAT(outcome.out, HasSubstr("position   3\n"));
    EXPECT_THAT(outcome.out, HasSubstr("record     {\"n\":1}"));
    const Outcome raw = command({"show", "--json", "--limit", "2"});
    EXPECT_EQ(std::ranges::count(raw.out, '\n'), 2);
    EXPECT_THAT(raw.out, testing::StartsWith("{\"time\":\""));
}

TEST_F(DeadLetters, ArePurgedOnlyWhenThatIsMeant) {
    make_letters();
    EXPECT_EQ(command({"purge"}).exit_code, 2);
    EXPECT_THAT(command({"purge"}).err, HasSubstr("choose with --where TERM or take all of them with --all"));
    EXPECT_EQ(command({"purge", "--all"}).exit_code, 2);
    EXPECT_THAT(command({"purge", "--all"}).err, HasSubstr("add --yes"));
    EXPECT_THAT(command({"purge", "--all", "--dry-run"}).err, HasSubstr("would remove 3 dead letters"));
    EXPECT_EQ(agent_.dead_letters().size(), 3U);

    const Outcome some = command({"purge", "--where", "code=invalid_json", "--yes"});
    EXPECT_EQ(some.exit_code, 0) << some.err;
    EXPECT_THAT(some.err, HasSubstr("removed 2 dead letters"));
    ASSERT_EQ(agent_.dead_letters().size(), 1U);
    EXPECT_EQ(agent_.dead_letters()[0].code, "timestamp_missing");
    EXPECT_EQ(command({"purge", "--all", "--yes"}).exit_code, 0);
    EXPECT_TRUE(agent_.dead_letters().empty());
}

TEST_F(DeadLetters, ArePurgedAloneFromADirectoryThatHoldsOtherLines) {
    const std::string records = event_lines(0, 3);
    const fs::path file = dir_.write("events.ndjson", records);
    for (const char* how : {"--dry-run", "--yes"}) {
        const Outcome outcome =
            run_command({"dead-letter", "purge", "--dir", dir_.path(), "--all", how}, dir_.path());
        EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
        EXPECT_THAT(outcome.err,
                    HasSubstr("3 lines are no dead letters and stay: is it the right directory?"));
        EXPECT_EQ(read_file(file), records);
    }
}

TEST_F(DeadLetters, HelpWithWhatWasMistyped) {
    make_letters();
    EXPECT_EQ(command({"ls", "--where", "cod=refused"}).exit_code, 2);
    EXPECT_THAT(command({"ls", "--where", "cod=refused"}).err, HasSubstr("did you mean 'code'?"));
    const Outcome wrong = run_command({"dead-letter", "lst"}, dir_.path());
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_THAT(wrong.err, HasSubstr("aep-agent dead-letter: there is no command 'lst'; did you mean 'ls'?"));
    EXPECT_THAT(run_command({"dead-letter", "ls"}, dir_.path()).err, HasSubstr("give -c FILE or --dir DIR"));
}

TEST_F(DeadLetters, AreDroppedOldestFirstWhereTheyMayBeAndNothingWaits) {
    constexpr int kRecords = 20'000;
    const std::string line = std::string(200, 'x') + "\n";
    std::string lines;
    for (int i = 0; i < kRecords; ++i) lines += line;
    append(agent_.file("events.ndjson"), lines + event_lines(0, 1));
    agent_.start(config("max_bytes: 1MiB, when_full: drop_oldest"));
    ASSERT_TRUE(eventually([&] { return agent_.metrics().records("dead_lettered") == kRecords; }))
        << agent_.process().err();
    EXPECT_TRUE(eventually([&] { return agent_.metrics().records("delivered") == 1; }));
    const double dropped = agent_.metrics().sum("aep_agent_dead_letters_dropped_total");
    EXPECT_THAT(agent_.process().err(), HasSubstr("error dead_letters_dropped: "));
    EXPECT_EQ(agent_.stop(), 0);
    EXPECT_EQ(static_cast<double>(agent_.dead_letters().size()) + dropped, kRecords);
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator{agent_.file("state/dead-letter")}) {
        bytes += entry.is_regular_file() ? entry.file_size() : 0;
    }
    EXPECT_LE(bytes, 1U << 20U);
    EXPECT_EQ(agent_.dead_letters().back().position, (kRecords - 1) * line.size());  // the newest stay
}

TEST_F(DeadLetters, WaitForADiskThatIsFullAndLoseNone) {
    const SmallDisk disk{agent_.file("state/dead-letter"), 64U << 10U};
    AEP_SKIP_WITHOUT(disk);
    std::string lines;
    for (int i = 0; i < 500; ++i) lines += "not json " + std::string(200, 'x') + "\n";
    append(agent_.file("events.ndjson"), lines);
    agent_.start(config());
    EXPECT_TRUE(eventually(
        [&] { return agent_.readiness().body.find("dead_letter: disk full") != std::string::npos; }));
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
    EXPECT_GT(agent_.metrics().records("in_flight"), 0);
    EXPECT_THAT(agent_.process().err(), HasSubstr("error dead_letter_unwritable: "));

    disk.resize(4U << 20U);

    EXPECT_TRUE(eventually([&] { return agent_.metrics().records("dead_lettered") == 500; }));
    EXPECT_EQ(agent_.stop(), 0);
    const auto letters = agent_.dead_letters();
    EXPECT_EQ(letters.size(), 500U);
    for (std::size_t i = 0; i < letters.size(); ++i) EXPECT_EQ(letters[i].position, i * (lines.size() / 500));
}

}  // namespace
}  // namespace aep::e2e
