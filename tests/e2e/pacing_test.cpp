#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

/// Seconds that a measurement takes: AEP_PACING_SECONDS (60 is the long form), else `usual`.
std::uint64_t measured_seconds(std::uint64_t usual) {
    const char* given = std::getenv("AEP_PACING_SECONDS");
    return given == nullptr ? usual : std::stoull(given);
}

std::uint64_t sum(const std::vector<std::uint64_t>& values, std::size_t begin, std::size_t end) {
    return std::accumulate(values.begin() + static_cast<std::ptrdiff_t>(std::min(begin, values.size())),
                           values.begin() + static_cast<std::ptrdiff_t>(std::min(end, values.size())),
                           std::uint64_t{0});
}

/// The most in any ten tenths of a second.
std::uint64_t busiest_second(const std::vector<std::uint64_t>& tenths) {
    std::uint64_t most = 0;
    for (std::size_t begin = 0; begin < tenths.size(); ++begin)
        most = std::max(most, sum(tenths, begin, begin + 10));
    return most;
}

TEST(Pacing, StaysWithinTheLimitInEverySecond) {
    constexpr std::uint64_t kLimit = 2'000;
    constexpr std::uint64_t kBatch = kLimit / 20;
    const std::uint64_t time = measured_seconds(6);
    const InletProcess inlet;
    AgentProcess agent;
    append(agent.file("events.ndjson"), event_lines(0, kLimit * (time + 2)));
    agent.start(AgentConfig::to(inlet)
                    .limits(fmt::format("messages_per_second: {}", kLimit))
                    .file_source("app", agent.file("events.ndjson")));
    ASSERT_TRUE(eventually([&] { return inlet.stats().messages >= kLimit * time; }, seconds{time * 2 + 30}));

    const auto traffic = inlet.traffic();
    const std::uint64_t most = busiest_second(traffic.messages);
    const std::uint64_t all = sum(traffic.messages, 0, traffic.messages.size());
    const double mean = static_cast<double>(all) * 10 / static_cast<double>(traffic.messages.size());
    fmt::print("limit {}: at most {} in a second, {:.0f} on average\n", kLimit, most, mean);
    // One batch more than the limit may leave in a second; a second that is late on the wire brings another.
    EXPECT_LE(most, kLimit + 2 * kBatch);
    EXPECT_GE(mean, 0.8 * kLimit);
    const auto throttled =
        agent.metrics().sum("aep_agent_throttled_seconds_total", "by=\"messages_per_second\"");
    EXPECT_GT(throttled, 0.5 * static_cast<double>(time));
}

TEST(Pacing, UsesAlmostAllOfWhatALimitedInletTakes) {
    constexpr std::uint64_t kLimit = 2'000;
    const std::uint64_t time = measured_seconds(12);
    const InletProcess inlet{{"--limit-messages", std::to_string(kLimit)}};
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    const std::uint64_t records = kLimit * (time + 8);
    append(agent.file("events.ndjson"), event_lines(0, records));
    agent.start(AgentConfig::to(inlet, "batch: {max_messages: 100, linger: 20ms}")
                    .file_source("app", agent.file("events.ndjson")));
    ASSERT_TRUE(
        eventually([&] { return inlet.traffic().messages.size() >= 10 * (time + 2); }, seconds{time + 60}));
    const auto traffic = inlet.traffic();
    const std::uint64_t taken = sum(traffic.messages, 20, 10 * (time + 2));
    const double goodput = static_cast<double>(taken) / static_cast<double>(kLimit * time);
    fmt::print("goodput {:.1f} % of the limit, {} times 429\n", 100 * goodput,
               sum(traffic.throttled, 0, traffic.throttled.size()));
    EXPECT_GE(goodput, 0.90);  // 95 % on a machine that does nothing else
    ASSERT_TRUE(eventually(
        [&] { return agent.metrics().records("delivered") == static_cast<double>(records); }, seconds{60}));
    EXPECT_EQ(entities.read(), records);
    EXPECT_EQ(entities.duplicates(), 0U);
}

TEST(Recovery, BringsOneProbeAndThenFullSpeed) {
    const std::uint64_t outage = measured_seconds(5);
    constexpr std::uint64_t kRecords = 40'000;
    InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    append(agent.file("events.ndjson"), event_lines(0, 1'000));
    agent.start(AgentConfig::to(inlet, "connections: 20, batch: {max_messages: 50, linger: 20ms}, retry: {}")
                    .file_source("app", agent.file("events.ndjson")));
    ASSERT_TRUE(eventually([&] { return entities.read() == 1'000; }));
    inlet.kill();
    append(agent.file("events.ndjson"), event_lines(1'000, kRecords - 1'000));
    // The outage itself is what is measured; nothing to wait for within it.
    EXPECT_TRUE(throughout([&] { return agent.process().is_running(); }, seconds{outage}));
    inlet.restart();
    const auto back = Clock::now();

    ASSERT_TRUE(eventually([&] { return entities.read() >= kRecords; }, seconds{60})) << entities.size();
    const auto took = std::chrono::duration<double>(Clock::now() - back).count();
    const auto traffic = inlet.traffic();
    // The pause behind the probe is a tenth of the outage, a second at most.
    const std::size_t quiet = std::min<std::size_t>(outage, 10) - 1;
    fmt::print(
        "{} s of outage: {} requests in the first {} ms, {} in the second, all delivered after {:.1f} s\n",
        outage, sum(traffic.requests, 0, quiet), quiet * 100, sum(traffic.requests, 10, 20), took);
    EXPECT_LE(sum(traffic.requests, 0, quiet), 1U);
    EXPECT_LE(took, 15.0);  // 10 s on a machine that does nothing else
    EXPECT_EQ(entities.distinct(), kRecords);
    EXPECT_TRUE(agent.dead_letters().empty());
}

}  // namespace
}  // namespace aep::e2e
