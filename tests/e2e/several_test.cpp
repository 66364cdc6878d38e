#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

std::string profile_lines(std::uint64_t first, std::uint64_t count) {
    std::string lines;
    for (std::uint64_t number = first; number < first + count; ++number) lines += profile(number) + '\n';
    return lines;
}

/// Those of `ids` that begin with `prefix`.
std::vector<std::string> with_prefix(const std::vector<std::string>& ids, const std::string& prefix) {
    std::vector<std::string> chosen;
    for (const std::string& id : ids) {
        if (id.starts_with(prefix)) chosen.push_back(id);
    }
    return chosen;
}

std::vector<std::string> profile_ids(std::uint64_t count) {
    std::vector<std::string> ids;
    for (std::uint64_t number = 0; number < count; ++number) ids.push_back(profile_id(number));
    return ids;
}

/// All the same and in the same order; says where the first difference is.
void expect_order(const std::vector<std::string>& found, const std::vector<std::string>& expected) {
    EXPECT_EQ(found.size(), expected.size());
    const auto [one, other] = std::ranges::mismatch(found, expected);
    if (one == found.end() || other == expected.end()) return;
    ADD_FAILURE() << "entity " << one - found.begin() << " is " << *one << ", expected " << *other;
}

TEST(SeveralStreams, AreDeliveredFromTheirFilesAndProfilesInTheirOrder) {
    constexpr std::uint64_t kEach = 20'000;
    InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    append(agent.file("events.ndjson"), event_lines(0, kEach));
    append(agent.file("profiles.ndjson"), profile_lines(0, kEach));
    // Small batches over several connections: without `order: source` they would overtake each other.
    agent.start(
        AgentConfig{}
            .agent("workers: 2")
            .file_source("app", agent.file("events.ndjson"), "events")
            .file_source("crm", agent.file("profiles.ndjson"), "members")
            .event_stream("events", "inlet")
            .profile_stream("members", "inlet")
            .destination("inlet", inlet.url(), inlet.ca_file(), "batch: {max_messages: 500, linger: 20ms}"));

    ASSERT_TRUE(eventually([&] { return entities.read() == 2 * kEach; })) << agent.process().err();

    EXPECT_TRUE(entities.missing(event_ids(0, kEach)).empty());
    EXPECT_EQ(entities.duplicates(), 0U);
    expect_order(with_prefix(ids_in_order(inlet.entities_file()), "p-"), profile_ids(kEach));
    ASSERT_TRUE(eventually([&] { return agent.metrics().records("delivered") == 2 * kEach; }));
    for (const char* source : {"app", "crm"}) {
        EXPECT_EQ(agent.metrics().records("delivered", source), kEach);
        EXPECT_TRUE(agent.metrics().adds_up(source));
    }
    EXPECT_EQ(agent.stop(), 0);
}

TEST(SeveralStreams, KeepTheOrderOfProfilesAcrossRetries) {
    constexpr std::uint64_t kProfiles = 4'000;
    InletProcess inlet;
    inlet.set_fault(R"({"status":503,"first":7})");
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    append(agent.file("profiles.ndjson"), profile_lines(0, kProfiles));
    agent.start(
        AgentConfig{}
            .file_source("crm", agent.file("profiles.ndjson"), "members")
            .profile_stream("members", "inlet")
            .destination("inlet", inlet.url(), inlet.ca_file(),
                         "batch: {max_messages: 100, linger: 20ms}, retry: {initial: 10ms, max: 50ms}"));

    ASSERT_TRUE(eventually([&] { return entities.read() == kProfiles; })) << agent.process().err();

    expect_order(ids_in_order(inlet.entities_file()), profile_ids(kProfiles));
}

TEST(SeveralDestinations, DoNotWaitForOneThatIsStalled) {
    constexpr std::uint64_t kRecords = 50'000;
    constexpr std::size_t kRecordBytes = 650;
    InletProcess stalled;
    stalled.set_fault(R"({"stall":true})");
    const InletProcess healthy;
    EntityLog entities{healthy.entities_file()};
    AgentProcess agent;
    // More than the memory holds, so that the stalled one has taken all that it can get.
    append(agent.file("stalled.ndjson"), event_lines(0, 80'000, kRecordBytes));
    agent.start(AgentConfig{}
                    .agent("memory_limit: 32MiB")
                    .file_source("slow", agent.file("stalled.ndjson"), "slow-events")
                    .file_source("quick", agent.file("healthy.ndjson"), "quick-events")
                    .event_stream("slow-events", "stalled")
                    .event_stream("quick-events", "healthy")
                    .destination("stalled", stalled.url(), stalled.ca_file())
                    .destination("healthy", healthy.url(), healthy.ca_file()));
    double read = 0;
    ASSERT_TRUE(eventually(
        [&] {
            const double now = agent.metrics().records("read", "slow");
            const bool full = now > 0 && now == read;
            read = now;
            return full;
        },
        kSoon, milliseconds{500}));
    ASSERT_LT(read, 80'000) << "the stalled destination is not full";

    append(agent.file("healthy.ndjson"), event_lines(0, kRecords, kRecordBytes));

    EXPECT_TRUE(
        eventually([&] { return agent.metrics().records("delivered", "quick") == kRecords; }, seconds{60}))
        << agent.metrics().records("delivered", "quick") << " delivered";
    EXPECT_EQ(entities.read(), kRecords);
    EXPECT_TRUE(entities.missing(event_ids(0, kRecords)).empty());
    EXPECT_EQ(entities.duplicates(), 0U);
    EXPECT_EQ(agent.metrics().records("delivered", "slow"), 0);
    EXPECT_TRUE(agent.metrics().adds_up("slow"));
    EXPECT_TRUE(agent.metrics().adds_up("quick"));
}

}  // namespace
}  // namespace aep::e2e
