#include "inlet/fault.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "inlet/running_inlet.hpp"
#include "inlet/samples.hpp"

namespace aep::inlet {
namespace {

using namespace std::chrono_literals;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kBatch = "/collection/batch/abc";

class Fault : public RunningInlet {
  protected:
    /// The only one.
    FaultRule& rule() {
        if (options.faults.empty()) options.faults.emplace_back();
        return options.faults.front();
    }
    Answer post_one() { return connect()->post(kBatch, batch_of({message_with_id("a")})); }
    Answer set_fault(std::string_view json) { return connect()->send("PUT", "/inlet/fault", json); }
};

TEST_F(Fault, StatusComesInsteadOfTheAnswer) {
    rule().status = 503;
    rule().retry_after = 2s;
    start();
    const Answer answer = post_one();
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.head, HasSubstr("Retry-After: 2\r\n"));
    EXPECT_EQ(inlet->stats().requests, 1U);
    EXPECT_EQ(inlet->stats().messages, 0U);
}

TEST_F(Fault, RetryAfterCanBeADate) {
    rule().status = 429;
    rule().retry_after = 2s;
    rule().retry_after_date = true;
    start();
    EXPECT_THAT(post_one().head, ContainsRegex("Retry-After: [A-Z][a-z]+, [0-9]+ [A-Z][a-z]+ [0-9]+ "
                                               "[0-9]+:[0-9]+:[0-9]+ GMT\r\n"));
}

TEST_F(Fault, StatusCanComeWithoutABody) {
    rule().status = 403;
    rule().empty_body = true;
    start();
    const Answer answer = post_one();
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.body, "");
}

TEST_F(Fault, StatusEndsAfterTheFirstRequests) {
    rule().status = 500;
    rule().first = 2;
    start();
    EXPECT_EQ(post_one().status, 500);
    EXPECT_EQ(connect()->get("/inlet/stats").status, 200) << "controls are never at fault";
    EXPECT_EQ(post_one().status, 500);
    EXPECT_EQ(post_one().status, 207);
}

TEST_F(Fault, EveryNthMessageIsRefused) {
    rule().refuse_every = 3;
    start();
    const Answer answer =
        connect()->post(kBatch, batch_of(std::vector<std::string>(7, message_with_id("a"))));
    EXPECT_EQ(answer.status, 207);
    EXPECT_EQ(inlet->stats().refused, 2U);
    EXPECT_EQ(inlet->stats().accepted, 5U);
    EXPECT_THAT(answer.body, HasSubstr("told to refuse"));
}

TEST_F(Fault, AnswerIsDelayed) {
    rule().delay = 300ms;
    start();
    const auto client = connect();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(client->post(kBatch, batch_of({})).status, 207);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 300ms);
}

TEST_F(Fault, StalledRequestIsNeverAnswered) {
    rule().stall = true;
    start();
    const auto client = connect(300ms);
    EXPECT_EQ(client->post(kBatch, batch_of({message_with_id("a")})).status, 0);
    EXPECT_FALSE(client->closes());
    EXPECT_EQ(connect()->get("/inlet/stats").status, 200);
    EXPECT_EQ(inlet->stats().requests, 1U);
    EXPECT_EQ(inlet->stats().accepted, 0U);
}

TEST_F(Fault, DroppedAnswerLeavesTheMessagesTaken) {
    rule().drop = FaultRule::Drop::After;
    rule().every = 2;
    start();
    EXPECT_EQ(post_one().status, 207);
    EXPECT_EQ(post_one().status, 0);
    EXPECT_EQ(post_one().status, 207);
    EXPECT_EQ(inlet->stats().accepted, 3U);
}

TEST_F(Fault, ShortAnswerLacksAnEntry) {
    rule().answer = AnswerForm::Short;
    start();
    const Answer answer = connect()->post(kBatch, batch_of({message_with_id("a"), message_with_id("b")}));
    EXPECT_EQ(answer.status, 207);
    EXPECT_THAT(answer.body, HasSubstr("-0\"}]}"));
    EXPECT_THAT(post_one().body, HasSubstr("\"responses\":[]"));
}

TEST_F(Fault, ChangesWhileTheInletRuns) {
    start();
    EXPECT_EQ(post_one().status, 207);
    const Answer set = set_fault(R"({"status":429,"retry_after":1})");
    EXPECT_EQ(set.status, 200);
    EXPECT_EQ(post_one().status, 429);
    EXPECT_EQ(connect()->get("/inlet/fault").body, set.body);
    EXPECT_THAT(set.body, HasSubstr(R"("status":429,"retry_after":1)"));
    const Answer removed = connect()->send("DELETE", "/inlet/fault", "");
    EXPECT_EQ(removed.status, 200);
    EXPECT_THAT(removed.body, Not(HasSubstr("\"status\"")));
    EXPECT_EQ(post_one().status, 207);
}

TEST_F(Fault, ChangesThroughTheClass) {
    start();
    FaultRule fault;
    fault.status = 500;
    inlet->set_faults({fault});
    EXPECT_EQ(post_one().status, 500);
}

TEST_F(Fault, CountsBeginAnewWhenItIsSet) {
    rule().drop = FaultRule::Drop::After;
    rule().every = 2;
    start();
    EXPECT_EQ(post_one().status, 207);
    EXPECT_EQ(set_fault(R"({"drop":"after","every":2})").status, 200);
    EXPECT_EQ(post_one().status, 207);
    EXPECT_EQ(post_one().status, 0);
}

TEST_F(Fault, FirstRuleThatHitsHasTheRequest) {
    start();
    EXPECT_EQ(set_fault(R"([{"status":503,"every":3},{"status":500,"first":2}])").status, 200);
    std::vector<int> statuses;
    for (int i = 0; i < 6; ++i) statuses.push_back(post_one().status);
    EXPECT_THAT(statuses, testing::ElementsAre(500, 500, 503, 207, 207, 503));
}

TEST_F(Fault, HitsAShareOfTheRequestsEvenly) {
    start();
    EXPECT_EQ(set_fault(R"({"status":503,"share":0.25})").status, 200);
    std::vector<int> statuses;
    for (int i = 0; i < 8; ++i) statuses.push_back(post_one().status);
    EXPECT_THAT(statuses, testing::ElementsAre(207, 207, 207, 503, 207, 207, 207, 503));
}

TEST_F(Fault, HasItsTime) {
    start();
    EXPECT_EQ(set_fault(R"({"status":503,"after_ms":3600000})").status, 200);
    EXPECT_EQ(post_one().status, 207) << "not yet";
    EXPECT_EQ(set_fault(R"({"status":503,"for_ms":0})").status, 200);
    EXPECT_EQ(post_one().status, 207) << "not any more";
    EXPECT_EQ(set_fault(R"({"status":503,"for_ms":3600000})").status, 200);
    EXPECT_EQ(post_one().status, 503);
}

TEST_F(Fault, RefusesMessagesWithTheStatusThatIsAsked) {
    start();
    EXPECT_EQ(set_fault(R"({"refuse_every":1,"refuse_status":429})").status, 200);
    EXPECT_THAT(post_one().body, HasSubstr(R"("responses":[{"status":429,)"));
}

TEST_F(Fault, DropsConnectionsBeforeAndWithinRequests) {
    start();
    EXPECT_EQ(set_fault(R"({"drop":"before"})").status, 200);
    const auto client = connect();
    EXPECT_EQ(client->post(kBatch, batch_of({message_with_id("a")})).status, 207);
    EXPECT_TRUE(client->closes()) << "without having said so";
    EXPECT_EQ(set_fault(R"({"drop":"during"})").status, 200);
    EXPECT_EQ(post_one().status, 0);
    EXPECT_EQ(inlet->stats().accepted, 1U);
}

TEST(FaultText, IsReadBackAsItWasWritten) {
    const std::string all =
        R"([{"after_ms":1,"for_ms":2,"first":3,"every":4,"share":0.5,"status":503,"retry_after":7,)"
        R"("retry_after_date":true,"empty_body":true,"refuse_every":2,"refuse_status":429,"delay_ms":3,)"
        R"("stall":true,"drop":"during","answer":"gzip"},{}])";
    const auto rules = parse_faults(all);
    ASSERT_TRUE(rules) << rules.error().message;
    EXPECT_EQ(format_faults(*rules), all);
    EXPECT_EQ(rules->at(0).delay, 3ms);
    EXPECT_EQ(format_faults(*parse_faults("{}")), "[{}]");
    EXPECT_EQ(format_faults(*parse_faults("[]")), "[]");
}

TEST(FaultText, IsShortOnTheCommandLine) {
    const auto rule = parse_fault_argument("status=503,retry_after=2,share=0.5,empty_body,answer=gzip");
    ASSERT_TRUE(rule) << rule.error().message;
    EXPECT_EQ(format_faults({*rule}),
              R"([{"share":0.5,"status":503,"retry_after":2,"empty_body":true,"answer":"gzip"}])");
    EXPECT_THAT(parse_fault_argument("staus=1").error().message, HasSubstr("unknown key `staus`"));
    EXPECT_THAT(parse_fault_argument("drop=\"x").error().message, HasSubstr("`drop` must be one of before"));
}

TEST(FaultText, IsRefusedWithTheKeyThatIsWrong) {
    const auto message = [](std::string_view json) { return parse_faults(json).error().message; };
    EXPECT_THAT(message(""), HasSubstr("not a JSON object"));
    EXPECT_THAT(message("7"), HasSubstr("not a JSON object"));
    EXPECT_THAT(message("[7]"), HasSubstr("a rule must be an object"));
    EXPECT_THAT(message(R"({"status":99})"), HasSubstr("`status` must be a number from 200 to 599"));
    EXPECT_THAT(message(R"({"status":"503"})"), HasSubstr("`status`"));
    EXPECT_THAT(message(R"({"retry_after":-1})"), HasSubstr("`retry_after`"));
    EXPECT_THAT(message(R"({"delay_ms":1e99})"), HasSubstr("`delay_ms`"));
    EXPECT_THAT(message(R"({"stall":1})"), HasSubstr("`stall` must be true or false"));
    EXPECT_THAT(message(R"({"refuse_every":-3})"), HasSubstr("`refuse_every`"));
    EXPECT_THAT(message(R"({"every":0})"), HasSubstr("`every`"));
    EXPECT_THAT(message(R"({"share":0})"), HasSubstr("`share` must be a number above 0"));
    EXPECT_THAT(message(R"({"answer":"nice"})"), HasSubstr("`answer` must be one of short, long"));
    EXPECT_THAT(message(R"({"stale":true})"), HasSubstr("unknown key `stale`"));
}

TEST_F(Fault, StaysWhenTheNewOneIsWrong) {
    rule().status = 500;
    start();
    EXPECT_EQ(set_fault("{").status, 400);
    EXPECT_EQ(post_one().status, 500);
}

}  // namespace
}  // namespace aep::inlet
