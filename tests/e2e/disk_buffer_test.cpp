#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "harness/agent_process.hpp"
#include "harness/crash_rounds.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

using testing::HasSubstr;

constexpr const char* kDisk = "buffer: {type: disk, max_bytes: 64MiB}";

class WithDiskBuffer : public testing::TestWithParam<const char*> {
  protected:
    [[nodiscard]] double in_flight() const { return agent_.metrics().records("in_flight"); }

    [[nodiscard]] std::string destination() const {
        return std::string{"buffer: {type: disk, max_bytes: 64MiB, compression: "} + GetParam() +
               "}, batch: {linger: 20ms}, retry: {initial: 20ms, max: 200ms}";
    }

    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
};

TEST_P(WithDiskBuffer, RecordsOfStdinSurviveAKill) {
    constexpr std::uint64_t kRecords = 5'000;
    inlet_.set_fault(R"({"stall":true})");
    agent_.start(AgentConfig::to(inlet_, destination()).stdin_source(), Process::Input::Pipe);
    ASSERT_TRUE(agent_.process().write(event_lines(0, kRecords)));
    ASSERT_TRUE(eventually([&] { return in_flight() == kRecords; }));
    // On disk at most linger + 100 ms after it was read; the gauge tells.
    ASSERT_TRUE(eventually([&] {
        const Outcome inspected = run_command({"buffer", "inspect", "-c", agent_.file("agent.yaml")},
                                              std::filesystem::path{agent_.file("x")}.parent_path());
        return inspected.out.find(", 5000 messages,") != std::string::npos;
    }));
    agent_.process().kill();
    inlet_.clear_fault();

    append(agent_.file("events.ndjson"), event_lines(kRecords, 1));
    agent_.start(AgentConfig::to(inlet_, destination()).file_source("app", agent_.file("events.ndjson")));
    ASSERT_TRUE(eventually([&] {
        entities_.read();
        return entities_.distinct() == kRecords + 1;
    }));
    ASSERT_TRUE(eventually([&] { return in_flight() == 0; }));
    const MetricsPage page = agent_.metrics();
    EXPECT_EQ(page.records("recovered"), kRecords);
    EXPECT_EQ(page.records("delivered"), kRecords + 1);
    EXPECT_TRUE(eventually([&] { return agent_.metrics().sum("aep_agent_buffer_bytes") == 0; }));
    EXPECT_TRUE(entities_.missing(event_ids(0, kRecords + 1)).empty());
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_P(WithDiskBuffer, AnOutageStopsNobody) {
    inlet_.kill();
    const std::string file = agent_.file("events.ndjson");
    const AgentConfig config =
        AgentConfig::to(inlet_, destination()).agent("memory_limit: 8MiB").file_source("app", file);
    agent_.start(config);
    constexpr std::uint64_t kRecords = 20'000;  // of 1 KB: more than memory_limit
    for (std::uint64_t i = 0; i < kRecords; i += 500) {
        std::string lines;
        for (std::uint64_t n = i; n < i + 500; ++n) lines += event(n, 1000) + "\n";
        append(file, lines);
    }
    ASSERT_TRUE(eventually([&] { return in_flight() == kRecords; })) << in_flight();
    ASSERT_TRUE(eventually([&] {
        const auto positions = positions_of(agent_);
        return !positions.empty() && positions[0].position == std::filesystem::file_size(file);
    }));
    EXPECT_LT(agent_.process().peak_memory(), (8U + 16U) << 20U);
    EXPECT_EQ(agent_.stop(), 0);
    EXPECT_THAT(agent_.last_line(), HasSubstr("not settled 20000: the next start takes them up again"));

    inlet_.restart();
    agent_.start(config);
    ASSERT_TRUE(eventually([&] {
        entities_.read();
        return entities_.distinct() == kRecords;
    }));
    EXPECT_EQ(entities_.duplicates(), 0U);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_P(WithDiskBuffer, RefusedMessagesOfAnEarlierRunAreDeadLetteredWithTheirPlace) {
    inlet_.set_fault(R"({"stall":true})");
    const std::string file = agent_.file("events.ndjson");
    append(file, event_lines(0, 10));
    const AgentConfig config = AgentConfig::to(inlet_, destination()).file_source("app", file);
    agent_.start(config);
    ASSERT_TRUE(eventually([&] { return agent_.metrics().sum("aep_agent_buffer_bytes") > 0; }));
    agent_.process().kill();
    inlet_.set_fault(R"({"refuse_every":10})");
    agent_.start(config);
    ASSERT_TRUE(eventually([&] { return agent_.metrics().records("dead_lettered") == 1; }));
    ASSERT_TRUE(eventually([&] { return in_flight() == 0; }));
    EXPECT_EQ(agent_.metrics().records("recovered"), 10);
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
    const auto letters = agent_.dead_letters();
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].source, "app");
    EXPECT_EQ(letters[0].file, file);
    EXPECT_EQ(letters[0].position, event_lines(0, 9).size());
    EXPECT_EQ(letters[0].form, "entity");
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_P(WithDiskBuffer, LosesNothingWhenKilledAtAnyMoment) {
    const char* given = std::getenv("AEP_CRASH_ROUNDS");  // the long form is 50
    const int rounds_wanted = given != nullptr ? std::atoi(given) : 5;
    const std::string file = agent_.file("events.ndjson");
    const AgentConfig config = AgentConfig::to(inlet_, destination()).file_source("app", file);
    std::uint64_t written = 0;
    CrashRounds rounds{agent_, config, {.seed = 11}};
    int round = 0;
    rounds.run(rounds_wanted, {.meanwhile =
                                   [&] {
                                       append(file, event_lines(written, 20));
                                       written += 20;
                                   },
                               .after_kill =
                                   [&] {
                                       const Outcome verified =
                                           run_command({"buffer", "verify", "-c", agent_.file("agent.yaml")},
                                                       std::filesystem::path{file}.parent_path());
                                       EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
                                       if (++round % 2 == 1) {
                                           inlet_.set_fault(R"({"stall":true})");
                                       } else {
                                           inlet_.clear_fault();
                                       }
                                   }});
    inlet_.clear_fault();
    agent_.start(config);
    ASSERT_TRUE(eventually([&] {
        entities_.read();
        return entities_.distinct() >= written;
    })) << entities_.distinct()
        << " of " << written;
    ASSERT_TRUE(eventually([&] { return in_flight() == 0; }));
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
    EXPECT_TRUE(entities_.missing(event_ids(0, written)).empty());
    EXPECT_EQ(agent_.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Compression, WithDiskBuffer, testing::Values("none", "zstd"),
                         [](const auto& one) { return std::string{one.param}; });

TEST(DiskBuffer, KeepsWhatStdinBroughtForTheNextStart) {
    InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    inlet.kill();
    AgentProcess agent;
    const AgentConfig config = AgentConfig::to(inlet, kDisk).agent("shutdown_timeout: 300ms").stdin_source();
    agent.start(config, Process::Input::Pipe);
    ASSERT_TRUE(agent.process().write(event_lines(0, 100)));
    agent.process().close_input();
    EXPECT_EQ(agent.process().wait(), 0) << agent.process().err();
    EXPECT_THAT(agent.last_line(), HasSubstr("not settled 100: the next start takes them up again"));

    inlet.restart();
    agent.start_quietly(config);  // /dev/null
    EXPECT_EQ(agent.process().wait(), 0) << agent.process().err();
    EXPECT_EQ(entities.read(), 100U);
}

TEST(DiskBuffer, TakesNoMemoryForWhatAnEarlierRunLeft) {
    constexpr std::uint64_t kRecords = 50'000;
    InletProcess inlet;
    inlet.kill();
    AgentProcess agent;
    const std::string file = agent.file("events.ndjson");
    // Many batches: the head of each is read at the start.
    const AgentConfig config =
        AgentConfig::to(inlet, "buffer: {type: disk}, batch: {max_messages: 64, linger: 20ms}")
            .agent("memory_limit: 16MiB")
            .file_source("app", file);
    for (std::uint64_t i = 0; i < kRecords; i += 1'000) append(file, event_lines(i, 1'000, 1'000));
    agent.start(config);
    ASSERT_TRUE(eventually([&] {
        const auto positions = positions_of(agent);
        return !positions.empty() && positions[0].position == std::filesystem::file_size(file);
    }));
    agent.process().kill();
    agent.start(config);
    EXPECT_EQ(agent.metrics().records("recovered"), kRecords);
    EXPECT_LE(agent.process().peak_memory(), (16U + 16U) << 20U);
}

TEST(DiskBuffer, IsMissedByCheckWhereRecordsAreInMemoryOnly) {
    const InletProcess inlet;
    const TempDir dir;
    const std::string without = dir.write("a.yaml", AgentConfig::to(inlet).stdin_source().yaml(0));
    const std::string with = dir.write("b.yaml", AgentConfig::to(inlet, kDisk).stdin_source().yaml(0));
    EXPECT_THAT(run_command({"check", "-c", without}, dir.path()).err, HasSubstr("buffer: {type: disk}"));
    EXPECT_THAT(run_command({"check", "-c", with}, dir.path()).err, Not(HasSubstr("buffer: {type: disk}")));
}

}  // namespace
}  // namespace aep::e2e
