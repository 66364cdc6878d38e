#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kRecords = 10'000;
constexpr std::uint64_t kRefused = kRecords / 10;

std::string id_in(const std::string& entity) {
    const std::size_t begin = entity.find("e-");
    return entity.substr(begin, event_id(0).size());
}

/// In both spellings: AEP's documentation and its Kafka sink differ.
class RefusedMessagesSpelt : public testing::TestWithParam<const char*> {};

TEST_P(RefusedMessagesSpelt, BecomeDeadLettersWithTheInletsWordsAndTheOthersAreDelivered) {
    std::vector<std::string> arguments{"--fault", "refuse_every=10"};
    if (GetParam() == std::string{"statusCode"}) arguments.emplace_back("--status-code");
    const InletProcess inlet{arguments};
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    append(agent.file("events.ndjson"), event_lines(0, kRecords));
    agent.start(AgentConfig::to(inlet).file_source("app", agent.file("events.ndjson")));
    ASSERT_TRUE(eventually([&] { return agent.metrics().records("dead_lettered") == kRefused; }))
        << agent.process().err();
    ASSERT_TRUE(eventually([&] { return agent.metrics().records("delivered") == kRecords - kRefused; }));

    std::set<std::string> refused;
    for (const DeadLetter& letter : agent.dead_letters()) {
        EXPECT_EQ(letter.code, "refused");
        EXPECT_EQ(letter.form, "entity");
        EXPECT_EQ(letter.status, 400);
        EXPECT_THAT(letter.answer, HasSubstr("the local inlet was told to refuse this message"));
        EXPECT_EQ(letter.source, "app");
        EXPECT_TRUE(refused.insert(id_in(letter.content)).second) << "twice: " << letter.content;
    }
    EXPECT_EQ(refused.size(), kRefused);

    EXPECT_EQ(entities.read(), kRecords - refused.size());
    EXPECT_EQ(entities.duplicates(), 0U);
    for (const std::string& id : event_ids(0, kRecords)) {
        ASSERT_EQ(entities.count(id), refused.contains(id) ? 0U : 1U) << id;
    }
    EXPECT_EQ(inlet.stats().messages, kRecords);  // nothing was sent twice
    EXPECT_TRUE(agent.metrics().adds_up("app"));
    EXPECT_EQ(agent.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(As, RefusedMessagesSpelt, testing::Values("status", "statusCode"),
                         [](const auto& given) { return std::string{given.param}; });

TEST(RefusedMessages, AreNotAmongTheInletsEntities) {
    const InletProcess inlet{{"--fault", "refuse_every=2"}};
    AgentProcess agent;
    append(agent.file("events.ndjson"), event_lines(0, 2));
    agent.start(AgentConfig::to(inlet).file_source("app", agent.file("events.ndjson")));
    ASSERT_TRUE(eventually(
        [&] { return agent.metrics().records("in_flight") == 0 && agent.metrics().records("read") == 2; }));
    EXPECT_THAT(inlet.entity(event_id(0)), HasSubstr("\"count\":1"));
    EXPECT_THAT(inlet.entity(event_id(1)), HasSubstr("\"count\":0"));
}

TEST(RefusedMessages, AreNotInferredFromAnAnswerThatProvesNothing) {
    constexpr std::uint64_t kFew = 50;
    InletProcess inlet;
    inlet.set_fault(R"({"answer":"short"})");
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    append(agent.file("events.ndjson"), event_lines(0, kFew));
    agent.start(AgentConfig::to(inlet).file_source("app", agent.file("events.ndjson")));
    ASSERT_TRUE(eventually([&] { return inlet.stats().requests >= 3; }));
    EXPECT_EQ(agent.metrics().records("delivered"), 0);
    EXPECT_EQ(agent.metrics().records("dead_lettered"), 0);

    inlet.clear_fault();

    EXPECT_TRUE(eventually([&] { return agent.metrics().records("delivered") == kFew; }));
    (void)entities.read();
    EXPECT_TRUE(entities.missing(event_ids(0, kFew)).empty());
    EXPECT_EQ(entities.distinct(), kFew);
    EXPECT_TRUE(agent.dead_letters().empty());
}

}  // namespace
}  // namespace aep::e2e
