#include <gtest/gtest.h>

#include <fmt/core.h>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

constexpr std::uint64_t kConnections = 2;
constexpr std::uint64_t kBatchMessages = 200;
/// Small batches, few connections: the bound on duplicates is small too.
constexpr const char* kSmallBatches =
    "connections: 2, batch: {max_messages: 200, linger: 20ms}, retry: {initial: 20ms, max: 200ms}, "
    "timeout: {connect: 2s, request: 5s}";

class Outage : public testing::Test {
  protected:
    [[nodiscard]] std::string file() const { return agent_.file("events.ndjson"); }

    void start_agent(const std::string& destination = kSmallBatches) {
        agent_.start(AgentConfig::to(inlet_, destination).file_source("app", file()));
    }

    void expect_all_delivered(std::uint64_t records) {
        EXPECT_TRUE(
            eventually([&] { return agent_.metrics().records("delivered") == static_cast<double>(records); },
                       seconds{60}))
            << agent_.metrics().records("delivered") << " delivered\n"
            << agent_.process().err();
        EXPECT_GE(entities_.read(), records);
        EXPECT_TRUE(entities_.missing(event_ids(0, records)).empty());
        EXPECT_EQ(entities_.distinct(), records);  // what came twice came with the same _id
        EXPECT_TRUE(agent_.metrics().adds_up("app"));
        EXPECT_TRUE(agent_.dead_letters().empty());
    }

    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
};

TEST_F(Outage, AtTheStartIsWaitedOut) {
    constexpr std::uint64_t kRecords = 5'000;
    inlet_.kill();
    append(file(), event_lines(0, kRecords));
    start_agent();
    ASSERT_TRUE(eventually([&] { return agent_.metrics().records("in_flight") > 0; }));
    EXPECT_TRUE(eventually([&] { return agent_.readiness().status == 503; }));
    EXPECT_EQ(agent_.metrics().records("delivered"), 0);

    inlet_.restart();

    expect_all_delivered(kRecords);
    EXPECT_EQ(entities_.duplicates(), 0U);
    EXPECT_TRUE(eventually([&] { return agent_.readiness().status == 200; }));
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Outage, AmidTheStreamRepeatsAtMostWhatWasInFlight) {
    constexpr std::uint64_t kCuts = 5;
    constexpr std::uint64_t kPerCut = 10'000;
    start_agent();
    for (std::uint64_t cut = 0; cut < kCuts; ++cut) {
        append(file(), event_lines(cut * kPerCut, kPerCut));
        ASSERT_TRUE(eventually([&] { return entities_.read() > cut * kPerCut; }, kSoon, milliseconds{1}));
        inlet_.kill();
        inlet_.restart();
    }

    expect_all_delivered(kCuts * kPerCut);
    fmt::print("{} duplicates after {} crashes of the inlet\n", entities_.duplicates(), kCuts);
    EXPECT_LE(entities_.duplicates(), kCuts * kConnections * kBatchMessages);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Outage, OfAnswersAloneMakesDuplicatesWithTheSameId) {
    constexpr std::uint64_t kRecords = 10'000;
    inlet_.set_fault(R"({"drop":"after","every":4})");
    append(file(), event_lines(0, kRecords));
    start_agent();

    expect_all_delivered(kRecords);
    EXPECT_GT(entities_.duplicates(), 0U);
    EXPECT_EQ(inlet_.stats().accepted, entities_.size());
}

class OutageWithStatus : public Outage, public testing::WithParamInterface<int> {};

TEST_P(OutageWithStatus, IsRetriedUntilItIsOver) {
    constexpr std::uint64_t kRecords = 2'000;
    inlet_.set_fault(fmt::format(R"({{"status":{},"first":4}})", GetParam()));
    append(file(), event_lines(0, kRecords));
    start_agent();

    expect_all_delivered(kRecords);
    EXPECT_EQ(entities_.duplicates(), 0U);
    EXPECT_EQ(agent_.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Of, OutageWithStatus, testing::Values(408, 425, 429, 500, 502, 503, 504),
                         testing::PrintToStringParamName());

TEST_F(Outage, OfAnInletThatReadsAndNeverAnswersEndsWithTheRequestTimeout) {
    constexpr std::uint64_t kRecords = 1'000;
    inlet_.set_fault(R"({"stall":true})");
    append(file(), event_lines(0, kRecords));
    start_agent(
        "connections: 2, timeout: {connect: 2s, request: 500ms}, batch: {max_messages: 200, linger: 20ms}");
    ASSERT_TRUE(eventually([&] { return inlet_.stats().requests > 2 * kConnections; }));
    EXPECT_EQ(agent_.metrics().records("delivered"), 0);

    inlet_.clear_fault();

    expect_all_delivered(kRecords);
}

/// A wait that the inlet asks for is kept, whatever the agent has to send meanwhile.
class RetryAfter : public Outage, public testing::WithParamInterface<const char*> {};

TEST_P(RetryAfter, IsObeyed) {
    constexpr seconds kAsked{3};
    // A date has whole seconds: up to one less may be left of it.
    const bool as_date = std::string{GetParam()} == "date";
    const Clock::duration least = kAsked - milliseconds{as_date ? 1000 : 0};
    inlet_.set_fault(fmt::format(R"({{"status":503,"retry_after":{},"retry_after_date":{},"first":1}})",
                                 kAsked.count(), as_date));
    append(file(), event_lines(0, 100));
    const auto before_request = Clock::now();
    start_agent();
    ASSERT_TRUE(eventually([&] { return inlet_.stats().requests >= 1; }));
    append(file(), event_lines(100, 1'000));

    for (auto requests = inlet_.stats().requests; Clock::now() - before_request < least;
         requests = inlet_.stats().requests) {
        ASSERT_EQ(requests, 1U);
        std::this_thread::sleep_for(milliseconds{20});
    }
    expect_all_delivered(1'100);
    EXPECT_EQ(entities_.duplicates(), 0U);
    EXPECT_EQ(agent_.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(As, RetryAfter, testing::Values("seconds", "date"),
                         [](const auto& given) { return std::string{given.param}; });

}  // namespace
}  // namespace aep::e2e
