#include <fmt/core.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20U;

/// AEP_OUTAGE_SECONDS: how long the inlet is away; the long form is 60.
seconds outage() {
    const char* given = std::getenv("AEP_OUTAGE_SECONDS");
    return seconds{given != nullptr ? std::atoi(given) : 10};
}

/// An application that writes 4 MB a second into a file, come what may.
class Application {
  public:
    explicit Application(std::string file) : file_{std::move(file)} {}
    [[nodiscard]] std::uint64_t written() const { return written_; }
    /// Ends it; the number of its records.
    std::uint64_t stop() {
        thread_.request_stop();
        thread_.join();
        return written_;
    }

  private:
    void run(const std::stop_token& stop) {
        constexpr std::uint64_t kAtOnce = 40;
        for (auto next = Clock::now(); !stop.stop_requested(); next += milliseconds{10}) {
            append(file_, event_lines(written_, kAtOnce, 1'000));
            written_ += kAtOnce;
            std::this_thread::sleep_until(next);
        }
    }

    const std::string file_;
    std::atomic<std::uint64_t> written_{0};
    std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

class OutageLong : public testing::TestWithParam<const char*> {};

TEST_P(OutageLong, WithADiskBufferStopsNobodyAndTakesNoMoreMemory) {
    constexpr std::size_t kPromised = 32 * kMiB + 16 * kMiB;
    InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    const std::string file = agent.file("events.ndjson");
    const AgentConfig config =
        AgentConfig::to(inlet, std::string{"buffer: {type: disk, compression: "} + GetParam() +
                                   "}, retry: {initial: 100ms, max: 1s}, batch: {linger: 500ms}")
            .agent("memory_limit: 32MiB")
            .file_source("app", file);
    agent.start(config);
    Application application{file};
    ASSERT_TRUE(eventually([&] { return entities.read() > 0; }));
    inlet.kill();

    // Whatever the inlet does, the agent keeps up with the application.
    (void)throughout([&] { return agent.process().is_running(); }, outage(), milliseconds{100});
    EXPECT_TRUE(eventually([&] {
        const double behind = static_cast<double>(application.written()) - agent.metrics().records("read");
        return behind < 4'000;
    }));
    const auto in_buffer = agent.metrics().sum("aep_agent_buffer_bytes");
    const std::size_t during_outage = agent.process().peak_memory();
    inlet.restart();
    EXPECT_TRUE(eventually([&] { return agent.metrics().sum("aep_agent_buffer_bytes") < 16.0 * kMiB; },
                           2 * outage() + seconds{60}));
    const std::size_t during_catch_up = agent.process().peak_memory();

    // The same once more with a run that finds its buffer full.
    inlet.kill();
    (void)throughout([&] { return agent.process().is_running(); }, outage() / 2, milliseconds{100});
    agent.process().kill();
    inlet.restart();
    agent.start(config);
    const std::uint64_t written = application.stop();
    EXPECT_TRUE(eventually(
        [&] {
            entities.read();
            return entities.distinct() >= written;
        },
        2 * outage() + seconds{60}))
        << entities.distinct() << " of " << written << '\n'
        << agent.process().err();
    EXPECT_TRUE(eventually([&] { return agent.metrics().records("in_flight") == 0; }));
    const std::size_t after_restart = agent.process().peak_memory();

    fmt::print(
        "{} s without the inlet: {} records, {:.0f} MiB in the buffer; peak RSS {:.1f} MiB by then, {:.1f} "
        "MiB with the catch-up, {:.1f} MiB in the run that found its buffer full\n",
        outage().count(), written, in_buffer / kMiB, static_cast<double>(during_outage) / kMiB,
        static_cast<double>(during_catch_up) / kMiB, static_cast<double>(after_restart) / kMiB);
    EXPECT_TRUE(entities.missing(event_ids(0, written)).empty());
    EXPECT_TRUE(agent.metrics().adds_up("app"));
    EXPECT_LE(during_outage, kPromised);
    EXPECT_LE(during_catch_up, kPromised);
    EXPECT_LE(after_restart, kPromised);
    EXPECT_EQ(agent.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Compression, OutageLong, testing::Values("none", "zstd"),
                         [](const auto& one) { return std::string{one.param}; });

}  // namespace
}  // namespace aep::e2e
