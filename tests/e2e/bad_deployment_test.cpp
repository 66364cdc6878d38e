#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

// Half of the records are invalid for a minute, because somebody deployed something wrong.
namespace aep::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::size_t kMiB = std::size_t{1} << 20U;

/// AEP_BAD_SECONDS: how long the wrong deployment lasts; the long form is 60.
seconds bad_time() {
    const char* given = std::getenv("AEP_BAD_SECONDS");
    return seconds{given != nullptr ? std::atoi(given) : 5};
}

class BadDeploymentLong : public testing::Test {
  protected:
    [[nodiscard]] AgentConfig config(const std::string& stream = "") const {
        AgentConfig config;
        return config.agent("shutdown_timeout: 1s")
            .event_stream("events", "inlet", stream)
            .destination("inlet", inlet_.url(), inlet_.ca_file())
            .section("dead_letter: {max_bytes: 1MiB, when_full: hold}")
            .file_source("app", file());
    }
    [[nodiscard]] std::string file() const { return agent_.file("events.ndjson"); }
    [[nodiscard]] fs::path letters() const { return agent_.file("state/dead-letter"); }

    /// Of each two, one has no time where the configuration looks for it.
    void write(std::uint64_t records) {
        std::string lines;
        for (std::uint64_t i = written_; i < written_ + records; ++i) {
            lines += fmt::format("{{\"_id\":\"{}\",\"{}\":\"2026-01-31T12:00:00Z\",\"n\":{}}}\n", event_id(i),
                                 i % 2 == 0 ? "timestamp" : "at", i);
        }
        append(file(), lines);
        written_ += records;
    }
    [[nodiscard]] std::uintmax_t bytes_of_letters() const {
        std::uintmax_t bytes = 0;
        for (const auto& entry : fs::recursive_directory_iterator{letters()}) {
            std::error_code gone;
            const auto size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
            if (!gone) bytes += size;
        }
        return bytes;
    }
    [[nodiscard]] Outcome replay() const {
        const std::string yaml = agent_.file("fixed.yaml");
        fs::remove(yaml);
        append(yaml, config(kFix).yaml(0));
        return run_command({"replay", "-c", yaml}, agent_.directory());
    }

    static constexpr const char* kFix = "timestamp: {from: ingest_time}";  // both kinds are valid with it
    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
    std::uint64_t written_ = 0;
};

TEST_F(BadDeploymentLong, FillsTheDeadLettersToTheirLimitAndEachIsReplayedOnce) {
    agent_.start(config());
    std::uintmax_t most = 0;
    const auto end = Clock::now() + bad_time();
    while (Clock::now() < end) {
        write(40);
        most = std::max(most, bytes_of_letters());
        std::this_thread::sleep_for(milliseconds{10});
    }
    ASSERT_TRUE(eventually([&] {
        return agent_.readiness().body.find("dead_letter: full") != std::string::npos;
    })) << bytes_of_letters();
    EXPECT_LE(most, kMiB);
    EXPECT_LE(bytes_of_letters(), kMiB);
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
    const auto in_flight = static_cast<std::uint64_t>(agent_.metrics().records("in_flight"));
    EXPECT_EQ(agent_.stop(), 0);  // the fix: what was held is read again by the next start
    const std::size_t lettered = agent_.dead_letters().size();
    entities_.read();
    const std::size_t before = entities_.distinct();
    EXPECT_TRUE(eventually([&] { return replay().exit_code == 0; }));
    entities_.read();
    EXPECT_EQ(entities_.distinct(), before + lettered);
    EXPECT_EQ(entities_.duplicates(), 0U);
    EXPECT_TRUE(agent_.dead_letters().empty());

    agent_.start(config(kFix));
    EXPECT_TRUE(eventually(
        [&] {
            entities_.read();
            return entities_.distinct() == written_;
        },
        seconds{60}))
        << entities_.distinct() << " of " << written_;
    EXPECT_TRUE(eventually([&] { return agent_.metrics().records("in_flight") == 0; }));
    EXPECT_TRUE(entities_.missing(event_ids(0, written_)).empty());
    EXPECT_LE(entities_.duplicates(), in_flight);  // valid ones behind a letter that was held
    EXPECT_EQ(agent_.metrics().records("dead_lettered"), 0);
    EXPECT_EQ(agent_.stop(), 0);
    fmt::print("{} s, {} records, {} dead letters in {} bytes, {} delivered twice of {} in flight\n",
               bad_time().count(), written_, lettered, most, entities_.duplicates(), in_flight);
}

}  // namespace
}  // namespace aep::e2e
