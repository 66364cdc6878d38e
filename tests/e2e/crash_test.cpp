#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include "harness/agent_process.hpp"
#include "harness/crash_rounds.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

using testing::HasSubstr;

/// AEP_CRASH_ROUNDS: how often the agent is killed; the long form is 50.
int crash_rounds() {
    const char* given = std::getenv("AEP_CRASH_ROUNDS");
    return given != nullptr ? std::atoi(given) : 8;
}

TEST(Crash, LosesNothingOfAGrowingFileAndRepeatsOnlyWhatWasInFlight) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    const std::string file = agent.file("events.ndjson");
    const AgentConfig config = AgentConfig::to(inlet).file_source("app", file);
    const std::size_t line_size = anonymous_lines(0, 1).size();
    std::uint64_t written = 0;
    std::uint64_t may_repeat = 0;
    std::set<std::string> generations;

    CrashRounds rounds{agent, config, {.seed = 7}};
    rounds.run(crash_rounds(), {.meanwhile =
                                    [&] {
                                        append(file, anonymous_lines(written, 20));
                                        written += 20;
                                    },
                                .after_kill =
                                    [&] {
                                        // Everything behind the position on disk is read again; nothing else
                                        // may be.
                                        const auto positions = positions_of(agent);
                                        std::uint64_t position = 0;
                                        for (const Position& one : positions) {
                                            position = one.position;
                                            generations.insert(one.generation);
                                        }
                                        ASSERT_EQ(position % line_size, 0U);
                                        may_repeat += written - position / line_size;
                                    }});
    agent.start(config);

    ASSERT_TRUE(eventually([&] {
        entities.read();
        return entities.distinct() >= written;
    })) << entities.distinct()
        << " of " << written;
    // The inlet may know everything before this run has read it once more.
    EXPECT_TRUE(eventually([&] {
        const auto positions = positions_of(agent);
        return positions.size() == 1 && positions[0].position == written * line_size;
    }));
    EXPECT_EQ(agent.stop(), 0);
    entities.read();
    EXPECT_EQ(entities.distinct(), written) << "a record came with another _id after a restart";
    EXPECT_LE(entities.duplicates(), may_repeat);
    EXPECT_EQ(generations.size(), 1U);
}

/// AEP_CRASH_ROTATIONS: how often the agent is killed while its file is rotated by renaming.
int crash_rotations() {
    const char* given = std::getenv("AEP_CRASH_ROTATIONS");
    return given != nullptr ? std::atoi(given) : 20;
}

TEST(CrashLong, LosesNothingOfRotatedFilesAndRepeatsOnlyWhatWasInFlight) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    const std::string file = agent.file("events.ndjson");
    const AgentConfig config = AgentConfig::to(inlet).file_source("app", agent.file("events.ndjson*"));
    const std::size_t line_size = anonymous_lines(0, 1).size();
    std::uint64_t written = 0;
    std::uint64_t may_repeat = 0;
    int rotations = 0;

    CrashRounds rounds{agent, config, {.seed = 11}};
    rounds.run(crash_rotations(), {.meanwhile =
                                       [&] {
                                           append(file, anonymous_lines(written, 20));
                                           written += 20;
                                           if (written % 1000 != 0) return;
                                           std::filesystem::rename(
                                               file,
                                               agent.file("events.ndjson." + std::to_string(++rotations)));
                                       },
                                   .after_kill =
                                       [&] {
                                           // Each generation is counted from its own beginning, whatever the
                                           // file is called by now.
                                           std::uint64_t settled = 0;
                                           for (const Position& one : positions_of(agent))
                                               settled += one.position;
                                           ASSERT_EQ(settled % line_size, 0U);
                                           may_repeat += written - settled / line_size;
                                       }});
    agent.start(config);

    ASSERT_TRUE(eventually(
        [&] {
            entities.read();
            return entities.distinct() >= written;
        },
        seconds{60}))
        << entities.distinct() << " of " << written;
    EXPECT_TRUE(eventually([&] {
        std::uint64_t settled = 0;
        for (const Position& one : positions_of(agent)) settled += one.position;
        return settled == written * line_size;
    }));
    EXPECT_EQ(agent.metrics().sum("aep_agent_source_lost_bytes_total"), 0);
    EXPECT_EQ(agent.stop(), 0);
    entities.read();
    EXPECT_GT(rotations, 0);
    const auto numbers = arrivals_by_number(inlet.entities_file());
    for (std::uint64_t i = 0; i < written; ++i) ASSERT_TRUE(numbers.contains(i)) << "missing: " << i;
    EXPECT_EQ(entities.distinct(), written) << "a record came with another _id after a restart";
    EXPECT_LE(entities.duplicates(), may_repeat);
}

class CopyTruncate : public testing::Test {
  protected:
    [[nodiscard]] std::string file() const { return agent_.file("events.ndjson"); }
    [[nodiscard]] std::string next_copy() { return file() + '.' + std::to_string(++copies_); }
    void write(std::uint64_t records) {
        append(file(), anonymous_lines(written_, records));
        written_ += records;
    }
    /// As logrotate's `copytruncate` does it.
    void copy_and_truncate() {
        std::filesystem::copy_file(file(), next_copy());
        std::filesystem::resize_file(file(), 0);
    }
    /// Each record arrived, under one `_id`.
    void expect_one_id_each() {
        ASSERT_TRUE(eventually(
            [&] {
                entities_.read();
                return entities_.distinct() >= written_ && agent_.metrics().records("in_flight") == 0 &&
                       agent_.metrics().sum("aep_agent_source_lag_bytes") == 0;
            },
            seconds{60}))
            << entities_.distinct() << " of " << written_;
        EXPECT_EQ(agent_.metrics().sum("aep_agent_source_lost_bytes_total"), 0);
        const auto arrived = arrivals_by_number(inlet_.entities_file());
        for (std::uint64_t i = 0; i < written_; ++i) {
            ASSERT_TRUE(arrived.contains(i)) << "missing: " << i;
            ASSERT_EQ(arrived.at(i).ids.size(), 1U) << i << " came again under another _id";
        }
    }

    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
    std::uint64_t written_ = 0;
    int copies_ = 0;
};

TEST_F(CopyTruncate, WhileTheAgentIsDownRepeatsNothing) {
    // Within the globs, and outside of them.
    for (const char* include : {"events.ndjson*", "events.ndjson"}) {
        SCOPED_TRACE(include);
        const AgentConfig config = AgentConfig::to(inlet_).file_source("app", agent_.file(include));
        write(1'000);
        agent_.start(config);
        ASSERT_TRUE(eventually([&] { return entities_.read() == written_; }));
        ASSERT_EQ(agent_.stop(), 0);
        write(1'000);
        copy_and_truncate();
        write(1'000);
        agent_.start(config);
        ASSERT_NO_FATAL_FAILURE(expect_one_id_each());
        EXPECT_EQ(agent_.stop(), 0);
        entities_.read();
        EXPECT_EQ(entities_.duplicates(), 0U);
    }
}

TEST_F(CopyTruncate, AroundAKillRepeatsNothingUnderAnotherId) {
    const AgentConfig config = AgentConfig::to(inlet_, "batch: {max_messages: 100, linger: 10ms}")
                                   .file_source("app", agent_.file("events.ndjson*"));
    std::mt19937_64 random{3};
    const auto wait_up_to = [&](unsigned most) {
        std::this_thread::sleep_for(milliseconds{random() % (most + 1)});
    };
    for (int i = 0; i < 12; ++i) {
        agent_.start(config);
        write(300);
        wait_up_to(150);
        write(20);
        // Before, at once behind it, and when the copy has been seen, or half of it.
        if (i % 4 == 0) agent_.process().kill();
        copy_and_truncate();
        write(20);
        if (i % 4 == 1) wait_up_to(20);
        if (i % 4 == 2) wait_up_to(700);
        if (i % 4 != 0) agent_.process().kill();
    }
    agent_.start(config);
    ASSERT_NO_FATAL_FAILURE(expect_one_id_each());
    EXPECT_EQ(agent_.stop(), 0);
}

TEST(Restart, GoesOnExactlyWhereItStopped) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    const AgentConfig config = AgentConfig::to(inlet).file_source("app", agent.file("*.ndjson"));
    for (std::uint64_t round = 0; round < 3; ++round) {
        append(agent.file("events.ndjson"), event_lines(round * 100, 100));
        agent.start(config);
        ASSERT_TRUE(eventually([&] { return entities.read() == (round + 1) * 100; }));
        ASSERT_EQ(agent.stop(), 0);
    }
    EXPECT_EQ(entities.duplicates(), 0U);
    EXPECT_TRUE(entities.missing(event_ids(0, 300)).empty());
}

TEST(Restart, IsRefusedWhileAnotherAgentHasTheStateDir) {
    const InletProcess inlet;
    AgentProcess agent;
    append(agent.file("events.ndjson"), event_lines(0, 1));
    agent.start(AgentConfig::to(inlet).file_source("app", agent.file("events.ndjson")));

    const auto directory = std::filesystem::path{agent.file("x")}.parent_path();
    const std::vector<std::string> config{"-c", agent.file("agent.yaml")};
    const Outcome second = run_command({"run", "-c", agent.file("agent.yaml")}, directory);
    EXPECT_EQ(second.exit_code, 2);
    const std::string owner = "process " + std::to_string(agent.process().pid());
    EXPECT_THAT(second.err, HasSubstr(owner));

    const Outcome set = run_command({"positions", "set", "-c", agent.file("agent.yaml"), "--source", "app",
                                     "--file", agent.file("events.ndjson"), "--offset", "0"},
                                    directory);
    EXPECT_EQ(set.exit_code, 2);
    EXPECT_THAT(set.err, HasSubstr(owner));
    EXPECT_EQ(positions_of(agent).size(), 1U) << "reading works beside it";
    EXPECT_EQ(agent.stop(), 0);
}

TEST(PositionsCommand, SetsWhereTheNextStartGoesOn) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    const std::string file = agent.file("events.ndjson");
    const AgentConfig config = AgentConfig::to(inlet).file_source("app", file);
    append(file, event_lines(0, 10));
    agent.start(config);
    ASSERT_TRUE(eventually([&] { return entities.read() == 10; }));
    ASSERT_EQ(agent.stop(), 0);

    const auto directory = std::filesystem::path{file}.parent_path();
    const std::size_t six_lines = event_lines(0, 6).size();
    const Outcome set = run_command({"positions", "set", "-c", agent.file("agent.yaml"), "--source", "app",
                                     "--file", "events.ndjson", "--offset", std::to_string(six_lines)},
                                    directory);
    EXPECT_EQ(set.exit_code, 0) << set.err;
    agent.start(config);
    ASSERT_TRUE(eventually([&] { return entities.read() >= 14; }));
    ASSERT_EQ(agent.stop(), 0);
    EXPECT_EQ(entities.read(), 14U);
    for (std::uint64_t i = 6; i < 10; ++i) EXPECT_EQ(entities.count(event_id(i)), 2U);
}

TEST(PositionsCommand, MovesAllPositionsToAnotherStateDir) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    const std::string file = agent.file("events.ndjson");
    const AgentConfig config = AgentConfig::to(inlet).file_source("app", file);
    append(file, event_lines(0, 10));
    agent.start(config);
    ASSERT_TRUE(eventually([&] { return entities.read() == 10; }));
    ASSERT_EQ(agent.stop(), 0);

    const std::filesystem::path directory = std::filesystem::path{file}.parent_path();
    const Outcome exported = run_command({"positions", "export", "-c", agent.file("agent.yaml")}, directory);
    ASSERT_EQ(exported.exit_code, 0) << exported.err;
    append(agent.file("positions.txt"), exported.out);
    std::filesystem::rename(directory / "state" / "store", directory / "state" / "store.aside");
    const Outcome imported = run_command(
        {"positions", "import", "-c", agent.file("agent.yaml"), agent.file("positions.txt")}, directory);
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
    EXPECT_EQ(run_command({"positions", "export", "-c", agent.file("agent.yaml")}, directory).out,
              exported.out);

    append(file, event_lines(10, 1));
    agent.start(config);
    ASSERT_TRUE(eventually([&] { return entities.read() >= 11; }));
    EXPECT_EQ(agent.stop(), 0);
    EXPECT_EQ(entities.read(), 11U);
}

}  // namespace
}  // namespace aep::e2e
