#include <gtest/gtest.h>

#include <fmt/core.h>
#include <filesystem>
#include <fstream>

#include "harness/agent_process.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20U;

/// So many copies of 16 MiB of records. Their ids repeat: none of them arrives.
void write_large_file(const std::string& file, std::size_t bytes) {
    constexpr std::size_t kRecordBytes = 650;
    constexpr std::size_t kPart = 16 * kMiB;
    const std::string part = event_lines(0, kPart / (kRecordBytes + 1), kRecordBytes);
    std::ofstream out{file, std::ios::binary};
    for (std::size_t written = 0; written < bytes; written += part.size()) {
        out.write(part.data(), static_cast<std::streamsize>(part.size()));
    }
    out.close();
    ASSERT_TRUE(out);
}

/// Waits until the high-water mark has not moved for `still`; returns it.
std::size_t settled_peak(const AgentProcess& agent, Process& process, Clock::duration still) {
    std::size_t peak = 0;
    auto since = Clock::now();
    (void)eventually(
        [&] {
            const std::size_t now = process.peak_memory();
            if (now > peak) {
                peak = now;
                since = Clock::now();
            }
            return agent.metrics().records("read") > 0 && Clock::now() - since >= still;
        },
        seconds{120}, milliseconds{100});
    return peak;
}

TEST(Memory, StaysUnderItsLimitWhenTheInletTakesNothing) {
#ifdef AEP_AGENT_IS_SANITIZED
    GTEST_SKIP() << "sanitizers need memory of their own";
#endif
    constexpr std::size_t kLimit = 32 * kMiB;
    constexpr std::size_t kPromised = kLimit + 16 * kMiB;
    constexpr std::size_t kInput = 2048 * kMiB;
    AgentProcess agent;
    if (std::filesystem::space(agent.file("")).available < 2 * kInput) {
        GTEST_SKIP() << "less than 4 GiB free for the 2 GiB of input";
    }
    write_large_file(agent.file("large.ndjson"), kInput);
    InletProcess inlet;
    inlet.set_fault(R"({"stall":true})");
    // The short time-out makes retries part of what is measured.
    agent.start(AgentConfig::to(inlet, "timeout: {connect: 2s, request: 1500ms}")
                    .agent("memory_limit: 32MiB")
                    .file_source("app", agent.file("large.ndjson")));

    const std::size_t peak = settled_peak(agent, agent.process(), seconds{5});

    fmt::print("peak RSS {:.1f} MiB with memory_limit 32 MiB, {:.0f} records in flight\n",
               static_cast<double>(peak) / kMiB, agent.metrics().records("in_flight"));
    RecordProperty("peak_rss_kib", static_cast<int>(peak >> 10U));
    EXPECT_GT(peak, 0U);
    EXPECT_LE(peak, kPromised);
    EXPECT_GT(agent.metrics().records("in_flight"), 0);
    EXPECT_EQ(agent.metrics().records("delivered"), 0);
    EXPECT_TRUE(agent.metrics().adds_up("app"));
}

/// Of the whole process, a little after each of the files was read once.
TEST(Memory, StaysUnderFortyMebibytesWithTenThousandIdleFiles) {
#ifdef AEP_AGENT_IS_SANITIZED
    GTEST_SKIP() << "sanitizers need memory of their own";
#endif
    constexpr std::size_t kFiles = 10'000;
    constexpr std::size_t kMost = 40 * kMiB;
    InletProcess inlet;
    AgentProcess agent;
    for (std::size_t i = 0; i < kFiles; ++i) {
        append(agent.file(fmt::format("log-of-application-{:05}.ndjson", i)), event_lines(i, 1));
    }
    agent.start(AgentConfig::to(inlet).file_source("app", agent.file("*.ndjson")));
    ASSERT_TRUE(eventually([&] { return agent.metrics().records("delivered") == kFiles; }, seconds{120}))
        << agent.process().err();

    EXPECT_TRUE(eventually([&] { return agent.process().memory() <= kMost; }));
    fmt::print("RSS {:.1f} MiB, peak {:.1f} MiB\n", static_cast<double>(agent.process().memory()) / kMiB,
               static_cast<double>(agent.process().peak_memory()) / kMiB);
    EXPECT_EQ(agent.process().err().find(" error "), std::string::npos) << agent.process().err();
}

}  // namespace
}  // namespace aep::e2e
