#include <gtest/gtest.h>

#include <fmt/core.h>
#include <algorithm>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

/// An application that writes without regard to line ends: each append stops in the middle of a record.
class Application {
  public:
    Application(std::string file, std::uint64_t records, std::size_t record_bytes)
        : file_{std::move(file)}, records_{records}, record_bytes_{record_bytes} {}

    [[nodiscard]] bool has_more() const { return next_ < records_ || !rest_.empty(); }

    void append_some(std::uint64_t records) {
        const std::uint64_t count = std::min(records, records_ - next_);
        std::string bytes = std::move(rest_) + event_lines(next_, count, record_bytes_);
        next_ += count;
        const std::size_t kept = next_ < records_ ? record_bytes_ / 3 : 0;
        rest_ = bytes.substr(bytes.size() - kept);
        append(file_, std::string_view{bytes}.substr(0, bytes.size() - kept));
    }

  private:
    std::string file_;
    std::uint64_t records_;
    std::size_t record_bytes_;
    std::uint64_t next_ = 0;
    std::string rest_;  ///< written with the next append
};

#ifdef AEP_AGENT_IS_SANITIZED
constexpr std::uint64_t kRecords = 50'000;
#else
constexpr std::uint64_t kRecords = 1'000'000;
#endif

TEST(GrowingFile, DeliversEachOfManyRecordsOnce) {
    constexpr std::size_t kRecordBytes = 250;
    constexpr std::uint64_t kAppend = 2'000;
    constexpr int kAppendsPerLook = 20;

    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    append(agent.file("growing.ndjson"), "");
    agent.start(AgentConfig::to(inlet).file_source("app", agent.file("growing.ndjson")));

    const auto began = Clock::now();
    Application application{agent.file("growing.ndjson"), kRecords, kRecordBytes};
    for (int i = 0; application.has_more(); ++i) {
        application.append_some(kAppend);
        if (i % kAppendsPerLook == 0) {
            const MetricsPage page = agent.metrics();
            ASSERT_TRUE(page.adds_up("app")) << "after append " << i;
        }
    }
    ASSERT_TRUE(eventually(
        [&] {
            const MetricsPage page = agent.metrics();
            EXPECT_TRUE(page.adds_up("app"));
            return page.records("delivered", "app") == kRecords;
        },
        seconds{200}, milliseconds{50}))
        << "delivered: " << agent.metrics().records("delivered", "app");
    const double took = std::chrono::duration<double>(Clock::now() - began).count();
    const auto rate = static_cast<int>(static_cast<double>(kRecords) / took);
    fmt::print("{} records of {} bytes in {:.1f} s: {} records/s\n", kRecords, kRecordBytes, took, rate);
    RecordProperty("records_per_second", rate);

    EXPECT_EQ(entities.read(), kRecords);
    EXPECT_TRUE(entities.missing(event_ids(0, kRecords)).empty());
    EXPECT_EQ(entities.duplicates(), 0U);
    const MetricsPage last = agent.metrics();
    EXPECT_EQ(last.records("read", "app"), kRecords);
    EXPECT_EQ(last.records("in_flight", "app"), 0);
    EXPECT_EQ(last.records("dead_lettered", "app"), 0);
    EXPECT_TRUE(agent.dead_letters().empty());
    EXPECT_EQ(agent.stop(), 0);
}

TEST(GrowingFile, WaitsForTheRestOfALineThatIsNotComplete) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    const std::string file = agent.file("growing.ndjson");
    const std::string second = event(1);
    append(file, event(0) + '\n' + second.substr(0, 20));
    agent.start(AgentConfig::to(inlet).file_source("app", file));
    ASSERT_TRUE(eventually([&] { return entities.read() == 1; }));

    append(file, second.substr(20));
    EXPECT_TRUE(throughout([&] { return agent.metrics().records("read") == 1; }, milliseconds{300}));
    append(file, "\n");

    EXPECT_TRUE(eventually([&] { return entities.read() == 2; }));
    EXPECT_EQ(entities.count(event_id(1)), 1U);
    EXPECT_TRUE(agent.dead_letters().empty());
}

TEST(GrowingFile, IsFoundWhenItAppearsAfterTheStart) {
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    agent.start(AgentConfig::to(inlet).file_source("app", agent.file("*.ndjson")));

    append(agent.file("a.ndjson"), event_lines(0, 100));
    append(agent.file("b.ndjson"), event_lines(100, 100));

    EXPECT_TRUE(eventually([&] { return entities.read() == 200; }));
    EXPECT_TRUE(entities.missing(event_ids(0, 200)).empty());
    EXPECT_EQ(agent.stop(), 0);
}

}  // namespace
}  // namespace aep::e2e
