#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <sstream>

#include "harness/agent_process.hpp"
#include "harness/crash_rounds.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

// The wall clock is set while the agent runs: what it does goes by the steady clock.
namespace aep::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kFakeTime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
constexpr const char* kDestination =
    "auth: platform, buffer: {type: disk, max_bytes: 64MiB}, batch: {max_messages: 200, linger: 20ms}, "
    "retry: {initial: 20ms, max: 200ms}, timeout: {connect: 2s, request: 2s}";

class ClockJump : public testing::Test {
  protected:
    void SetUp() override {
        if (!fs::exists(kFakeTime)) GTEST_SKIP() << "needs the package faketime";
        set_clock("+7200");
        agent_.set_environment({std::string{"LD_PRELOAD="} + kFakeTime, "FAKETIME_NO_CACHE=1",
                                "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1",
                                "FAKETIME_TIMESTAMP_FILE=" + clock()});
        config_ = AgentConfig::to(inlet_, kDestination)
                      .platform_auth("{type: oauth_server_to_server, token_url: '" + inlet_.token_url() +
                                     "', client_id: c, client_secret: s}")
                      .file_source("app", agent_.file("events.ndjson"));
    }

    [[nodiscard]] std::string clock() const { return agent_.file("clock"); }
    /// Seconds ahead of the true time, "+7200". At once, as far as the agent can see.
    void set_clock(const std::string& ahead) const {
        fs::remove(clock() + ".new");
        append(clock() + ".new", ahead + "\n");
        fs::rename(clock() + ".new", clock());
    }

    void write(std::uint64_t records) {
        append(agent_.file("events.ndjson"), event_lines(written_, records));
        written_ += records;
    }
    void expect_delivered_soon() {
        const auto began = Clock::now();
        EXPECT_TRUE(eventually([&] { return entities_.read() >= written_; }))
            << entities_.size() << " of " << written_ << '\n'
            << agent_.process().err();
        EXPECT_LT(Clock::now() - began, seconds{15});
        EXPECT_TRUE(eventually([&] { return agent_.metrics().records("in_flight") == 0; }));
        EXPECT_TRUE(agent_.metrics().adds_up("app"));
    }
    /// The store's codes aside, no number that the agent shows is below zero.
    void expect_no_negative_numbers() const {
        std::istringstream lines{agent_.metrics_text()};
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with('#')) continue;
            EXPECT_THAT(line, Not(HasSubstr(" -")));
        }
    }

    InletProcess inlet_{
        {"--client-id", "c", "--client-secret", "s", "--require-token", "--token-lifetime", "60s"}};
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
    AgentConfig config_;
    std::uint64_t written_ = 0;
};

TEST_F(ClockJump, OfAnHourBackAndForthStopsNothingAndHurriesNothing) {
    agent_.start(config_);
    write(500);
    expect_delivered_soon();
    std::uint64_t jumps = 0;
    for (const char* ahead : {"+3600", "+10800", "+7200", "+3600", "+14400"}) {
        const auto before = inlet_.stats();
        write(250);
        set_clock(ahead);
        ++jumps;
        write(250);
        expect_delivered_soon();
        expect_no_negative_numbers();
        const auto after = inlet_.stats();
        EXPECT_LE(after.requests - before.requests, 20U) << "a storm after " << ahead;
        EXPECT_LE(after.tokens_issued, 1 + jumps) << "tokens are fetched over and over";
    }
    EXPECT_EQ(entities_.duplicates(), 0U);
    EXPECT_TRUE(entities_.missing(event_ids(0, written_)).empty());
    EXPECT_TRUE(agent_.dead_letters().empty());
    EXPECT_THAT(agent_.process().err(), Not(HasSubstr(" error ")));
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(ClockJump, DuringAnOutageLeavesBackOffAndAgesAlone) {
    agent_.start(config_);
    write(100);
    expect_delivered_soon();
    inlet_.set_fault(R"({"status":503})");
    write(400);
    ASSERT_TRUE(eventually([&] { return agent_.metrics().records("in_flight") == 400; }));
    for (const char* ahead : {"+3600", "+10800"}) {
        set_clock(ahead);
        const auto before = inlet_.stats().requests;
        const auto began = Clock::now();
        EXPECT_TRUE(throughout([&] { return agent_.metrics().records("in_flight") == 400; }, seconds{1}));
        // Full jitter up to 200 ms for each of the few batches: not a request for every look at the clock.
        const auto waited = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
        EXPECT_LE(inlet_.stats().requests - before, static_cast<std::uint64_t>(waited.count()) / 5 + 20);
        expect_no_negative_numbers();
        EXPECT_LT(agent_.metrics().sum("aep_agent_oldest_unsettled_seconds"), 60);
    }
    inlet_.clear_fault();
    expect_delivered_soon();
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(ClockJump, BetweenTwoRunsLeavesWhatWaitsOnTheDiskAsItIs) {
    for (const char* ahead : {"+3600", "+14400"}) {
        set_clock("+7200");
        inlet_.set_fault(R"({"stall":true})");
        agent_.start(config_);
        write(300);
        ASSERT_TRUE(eventually([&] { return agent_.metrics().sum("aep_agent_buffer_bytes") > 0; }));
        ASSERT_TRUE(eventually([&] {
            const auto positions = positions_of(agent_);
            return !positions.empty() && positions[0].position == fs::file_size(agent_.file("events.ndjson"));
        }));
        agent_.process().kill();
        set_clock(ahead);
        agent_.start(config_);
        ASSERT_TRUE(eventually([&] { return agent_.metrics().records("recovered") > 0; }));
        expect_no_negative_numbers();
        inlet_.clear_fault();
        expect_delivered_soon();
        expect_no_negative_numbers();
        EXPECT_EQ(agent_.stop(), 0);
    }
    entities_.read();
    EXPECT_TRUE(entities_.missing(event_ids(0, written_)).empty());
    EXPECT_EQ(entities_.distinct(), written_);
}

}  // namespace
}  // namespace aep::e2e
