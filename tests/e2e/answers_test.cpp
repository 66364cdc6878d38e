#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kRecords = 40;
constexpr const char* kDestination =
    "connections: 2, timeout: {connect: 2s, request: 3s}, batch: {max_messages: 10, linger: 20ms}, "
    "retry: {initial: 10ms, max: 50ms}";

enum class End {
    Delivered,     ///< although the fault stays
    DeadLettered,  ///< each of them
    Held,          ///< until an operator cures it; `code` is the reason
    Failing,       ///< until the fault has gone; `code` is the condition
};

/// What an inlet does, and how it ends. With kMayRepeat the inlet took messages of which the agent was told
/// nothing.
struct Case {
    std::string name;
    std::string fault;
    End end;
    std::string code = "";
    bool may_repeat = false;
};
constexpr bool kMayRepeat = true;

void PrintTo(const Case& one, std::ostream* out) {
    *out << one.name << " " << one.fault;
}

Case status(int number, End end, const std::string& code) {
    return {fmt::format("status{}", number), fmt::format(R"({{"status":{}}})", number), end, code};
}

std::string id_in(const std::string& entity) {
    return entity.substr(entity.find("e-"), event_id(0).size());
}

class EveryAnswer : public testing::TestWithParam<Case> {
  protected:
    void start(const std::string& destination) {
        inlet_.set_fault(GetParam().fault);
        append(agent_.file("events.ndjson"), event_lines(0, kRecords));
        agent_.start(AgentConfig::to(inlet_, destination).file_source("app", agent_.file("events.ndjson")));
    }
    [[nodiscard]] double count(const std::string& what) const { return agent_.metrics().records(what); }

    void expect_delivered() {
        EXPECT_TRUE(eventually([this] { return count("delivered") == kRecords; }))
            << count("delivered") << " delivered, " << count("dead_lettered") << " dead-lettered\n"
            << agent_.process().err();
        (void)entities_.read();
        EXPECT_TRUE(entities_.missing(event_ids(0, kRecords)).empty());
        EXPECT_EQ(entities_.distinct(), kRecords);
        if (!GetParam().may_repeat) {
            EXPECT_EQ(entities_.duplicates(), 0U);
        }
        EXPECT_TRUE(agent_.dead_letters().empty()) << "never refused";
    }
    void expect_dead_lettered(const std::string& code) {
        EXPECT_TRUE(eventually([this] { return count("dead_lettered") == kRecords; }))
            << agent_.process().err();
        std::set<std::string> ids;
        for (const DeadLetter& letter : agent_.dead_letters()) {
            EXPECT_EQ(letter.code, code);
            EXPECT_THAT(GetParam().fault, HasSubstr(std::to_string(letter.status)));
            EXPECT_THAT(letter.answer, HasSubstr("told to"));
            ids.insert(id_in(letter.content));
        }
        const std::vector<std::string> expected = event_ids(0, kRecords);
        EXPECT_EQ(ids, std::set<std::string>(expected.begin(), expected.end()));
        EXPECT_EQ(entities_.read(), 0U);
    }
    [[nodiscard]] double held_metric() const {
        return agent_.metrics().sum("aep_agent_destination_held",
                                    fmt::format("reason=\"{}\"", GetParam().code));
    }
    void expect_trouble_then_cure() {
        const std::string line = fmt::format("destination inlet: {}", GetParam().code);
        ASSERT_TRUE(eventually([&] { return agent_.readiness().body.find(line) != std::string::npos; }))
            << agent_.readiness().body << agent_.process().err();
        EXPECT_EQ(agent_.readiness().status, 503);
        EXPECT_EQ(count("delivered"), 0);
        EXPECT_EQ(count("dead_lettered"), 0);
        if (GetParam().end == End::Held) {
            EXPECT_EQ(held_metric(), 1);
            EXPECT_THAT(agent_.process().err(), HasSubstr("destination_held"));
        }
        EXPECT_THAT(agent_.process().err(), HasSubstr(GetParam().code));
        inlet_.clear_fault();
        expect_delivered();
        EXPECT_TRUE(eventually([this] { return agent_.readiness().status == 200; }));
        EXPECT_EQ(held_metric(), 0);
    }

    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
};

TEST_P(EveryAnswer, LosesNothingAndCondemnsNothingThatWasNotRefused) {
    // A stall is found out by the request's deadline.
    const bool stalls = GetParam().fault.find("stall") != std::string::npos;
    start(stalls ? "connections: 2, timeout: {request: 300ms}, batch: {max_messages: 10, linger: 20ms}, "
                   "retry: {initial: 10ms, max: 50ms}"
                 : kDestination);
    switch (GetParam().end) {
        case End::Delivered:
            expect_delivered();
            break;
        case End::DeadLettered:
            expect_dead_lettered(GetParam().code);
            break;
        case End::Held:
        case End::Failing:
            expect_trouble_then_cure();
            break;
    }
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
    EXPECT_EQ(agent_.stop(), 0);
}

std::vector<Case> whole_request_statuses() {
    std::vector<Case> cases;
    for (const int number : {400, 422}) cases.push_back(status(number, End::DeadLettered, "refused"));
    cases.push_back(status(413, End::DeadLettered, "too_large"));
    cases.push_back(status(401, End::Held, "unauthorized"));
    cases.push_back(status(403, End::Held, "forbidden"));
    cases.push_back({"status403WithoutBody", R"({"status":403,"empty_body":true})", End::Held, "forbidden"});
    cases.push_back(status(404, End::Held, "not_found"));
    cases.push_back(status(407, End::Held, "proxy_unauthorized"));
    for (const int number : {405, 406, 409, 410, 415, 418, 451, 501, 505, 511, 599}) {
        cases.push_back(status(number, End::Held, fmt::format("status_{}", number)));
    }
    for (const int number : {300, 301, 302, 303, 304, 307, 308})
        cases.push_back(status(number, End::Held, "redirected"));
    for (const int number : {408, 425, 429, 502, 503, 504})
        cases.push_back(status(number, End::Failing, "inlet_busy"));
    cases.push_back(status(500, End::Failing, "inlet_error"));
    for (const int number : {200, 202, 204}) cases.push_back(status(number, End::Failing, "answer_unproven"));
    return cases;
}

std::vector<Case> answers_that_prove_nothing() {
    std::vector<Case> cases;
    for (const char* form : {"short", "long", "no_responses", "not_json"}) {
        cases.push_back(
            {form, fmt::format(R"({{"answer":"{}"}})", form), End::Failing, "answer_unproven", kMayRepeat});
    }
    for (const char* form : {"truncated", "not_http", "huge_head", "huge_body"}) {
        cases.push_back(
            {form, fmt::format(R"({{"answer":"{}"}})", form), End::Failing, "inlet_unreachable", kMayRepeat});
    }
    return cases;
}

std::vector<Case> answers_in_other_words() {
    std::vector<Case> cases;
    for (const char* form : {"large_head", "interim", "gzip", "chunked", "until_close", "http_1_0", "slow"}) {
        cases.push_back({form, fmt::format(R"({{"answer":"{}"}})", form), End::Delivered});
    }
    return cases;
}

std::vector<Case> lost_connections() {
    return {{"beforeTheRequest", R"({"drop":"before"})", End::Delivered},
            {"withinTheRequest", R"({"drop":"during"})", End::Failing, "inlet_unreachable"},
            {"withinEverySecondRequest", R"({"drop":"during","every":2})", End::Delivered},
            {"behindTheRequest", R"({"drop":"after"})", End::Failing, "inlet_unreachable", kMayRepeat},
            {"behindEverySecondRequest", R"({"drop":"after","every":2})", End::Delivered, "", kMayRepeat},
            {"stall", R"({"stall":true})", End::Failing, "inlet_unreachable"},
            {"stallOfEverySecond", R"({"stall":true,"every":2})", End::Delivered}};
}

std::vector<Case> statuses_of_messages() {
    std::vector<Case> cases;
    for (const int number : {400, 404, 413, 422}) {
        cases.push_back({fmt::format("each{}", number),
                         fmt::format(R"({{"refuse_every":1,"refuse_status":{}}})", number), End::DeadLettered,
                         "refused"});
    }
    // Whatever was not refused for ever is sent again, until it is taken.
    for (const int number : {401, 403, 408, 429, 500, 502, 503}) {
        cases.push_back({fmt::format("everyThird{}", number),
                         fmt::format(R"({{"refuse_every":3,"refuse_status":{}}})", number), End::Delivered});
    }
    cases.push_back({"each401", R"({"refuse_every":1,"refuse_status":401})", End::Held, "unauthorized"});
    cases.push_back({"each503", R"({"refuse_every":1,"refuse_status":503})", End::Failing, "inlet_busy"});
    return cases;
}

std::vector<Case> now_and_then() {
    return {{"someOf500", R"({"status":500,"share":0.3})", End::Delivered},
            {"someOf503", R"({"status":503,"share":0.5})", End::Delivered},
            {"first429", R"({"status":429,"retry_after":1,"first":1})", End::Delivered},
            {"first503UntilADate", R"({"status":503,"retry_after":1,"retry_after_date":true,"first":1})",
             End::Delivered},
            {"someUnproven", R"({"answer":"short","share":0.3})", End::Delivered, "", kMayRepeat},
            {"forAWhile", R"([{"status":404,"for_ms":300},{"stall":true,"first":1}])", End::Delivered}};
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Status, EveryAnswer, testing::ValuesIn(whole_request_statuses()), name_of);
INSTANTIATE_TEST_SUITE_P(Unproven, EveryAnswer, testing::ValuesIn(answers_that_prove_nothing()), name_of);
INSTANTIATE_TEST_SUITE_P(Unusual, EveryAnswer, testing::ValuesIn(answers_in_other_words()), name_of);
INSTANTIATE_TEST_SUITE_P(ConnectionLost, EveryAnswer, testing::ValuesIn(lost_connections()), name_of);
INSTANTIATE_TEST_SUITE_P(Messages, EveryAnswer, testing::ValuesIn(statuses_of_messages()), name_of);
INSTANTIATE_TEST_SUITE_P(NowAndThen, EveryAnswer, testing::ValuesIn(now_and_then()), name_of);

TEST(WrongMessages, OfAnotherOrganisationOrSchemaBecomeDeadLetters) {
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--org", "OTHER@AdobeOrg"},
                                                      {"--schema", "https://ns.adobe.com/x/other"}}) {
        const InletProcess inlet{arguments};
        AgentProcess agent;
        append(agent.file("events.ndjson"), event_lines(0, 5));
        agent.start(AgentConfig::to(inlet).file_source("app", agent.file("events.ndjson")));
        ASSERT_TRUE(eventually([&] { return agent.metrics().records("dead_lettered") == 5; }));
        EXPECT_EQ(agent.dead_letters().at(0).status, 400);
    }
}

TEST(UnknownInlet, IsHeld) {
    const InletProcess inlet{{"--inlet-id", "another"}};
    AgentProcess agent;
    append(agent.file("events.ndjson"), event_lines(0, 5));
    agent.start(AgentConfig::to(inlet).file_source("app", agent.file("events.ndjson")));
    EXPECT_TRUE(eventually(
        [&] { return agent.readiness().body.find("destination inlet: not_found") != std::string::npos; }));
    EXPECT_EQ(agent.metrics().records("dead_lettered"), 0);
}

TEST(Held, IsSaidOnceAndThenRarely) {
    InletProcess inlet;
    inlet.set_fault(R"({"status":404})");
    AgentProcess agent;
    append(agent.file("events.ndjson"), event_lines(0, 5));
    agent.start(AgentConfig::to(inlet, "retry: {initial: 10ms, max: 10ms}")
                    .file_source("app", agent.file("events.ndjson")));
    ASSERT_TRUE(eventually([&] { return inlet.stats().requests > 100; }));
    const std::string log = agent.process().err();
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = log.find("destination_held", at)) != std::string::npos; ++at) ++lines;
    EXPECT_EQ(lines, 1U) << log;
}

/// Of two destinations one is sick; the other has the same time as it has alone.
class Apart : public testing::TestWithParam<const char*> {};

TEST_P(Apart, ASickDestinationTakesNothingFromAHealthyOne) {
    constexpr std::uint64_t kMany = 10'000;
    InletProcess sick;
    sick.set_fault(GetParam());
    const InletProcess inlet;
    const InletProcess inlet_of_other;
    AgentProcess both;
    AgentProcess alone;
    const auto configure = [&](AgentProcess& agent, const InletProcess& to) {
        append(agent.file("healthy.ndjson"), event_lines(0, kMany));
        return AgentConfig{}
            .limits("messages_per_second: 2500")
            .file_source("quick", agent.file("healthy.ndjson"), "quick-events")
            .event_stream("quick-events", "healthy")
            .destination("healthy", to.url(), to.ca_file());
    };
    append(both.file("sick.ndjson"), event_lines(0, kMany));
    both.start(configure(both, inlet)
                   .file_source("slow", both.file("sick.ndjson"), "slow-events")
                   .event_stream("slow-events", "sick")
                   .destination("sick", sick.url(), sick.ca_file(), "connections: 2"));
    alone.start(configure(alone, inlet_of_other));
    Clock::time_point both_done;
    Clock::time_point alone_done;
    const auto begin = Clock::now();
    ASSERT_TRUE(eventually(
        [&] {
            const auto look = [](const AgentProcess& agent, Clock::time_point& done) {
                if (done == Clock::time_point{} && agent.metrics().records("delivered", "quick") == kMany)
                    done = Clock::now();
                return done != Clock::time_point{};
            };
            const bool first = look(both, both_done);
            return look(alone, alone_done) && first;
        },
        seconds{60}));
    const double ratio =
        static_cast<double>((alone_done - begin).count()) / static_cast<double>((both_done - begin).count());
    fmt::print("the healthy destination keeps {:.1f} % of its throughput\n", 100 * ratio);
    EXPECT_GE(ratio, 0.85);  // 95 % on a machine that does nothing else
    EXPECT_EQ(both.metrics().records("delivered", "slow"), 0);
}

INSTANTIATE_TEST_SUITE_P(From, Apart, testing::Values(R"({"status":404})", R"({"stall":true})"),
                         [](const auto& given) { return given.index == 0 ? "a404" : "aStall"; });

}  // namespace
}  // namespace aep::e2e
