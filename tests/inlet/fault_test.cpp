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
    Answer post_one() { return connect()->post(kBatch, batch_of({message_with_id("a")})); }
    Answer set_fault(std::string_view json) { return connect()->send("PUT", "/inlet/fault", json); }
};

TEST_F(Fault, StatusComesInsteadOfTheAnswer) {
    options.fault.status = 503;
    options.fault.retry_after = 2s;
    start();
    const Answer answer = post_one();
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.head, HasSubstr("Retry-After: 2\r\n"));
    EXPECT_EQ(inlet->stats().requests, 1U);
    EXPECT_EQ(inlet->stats().messages, 0U);
}

TEST_F(Fault, RetryAfterCanBeADate) {
    options.fault.status = 429;
    options.fault.retry_after = 2s;
    options.fault.retry_after_date = true;
    start();
    EXPECT_THAT(post_one().head, ContainsRegex("Retry-After: [A-Z][a-z]+, [0-9]+ [A-Z][a-z]+ [0-9]+ "
                                               "[0-9]+:[0-9]+:[0-9]+ GMT\r\n"));
}

TEST_F(Fault, StatusCanComeWithoutABody) {
    options.fault.status = 403;
    options.fault.empty_body = true;
    start();
    const Answer answer = post_one();
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.body, "");
}

TEST_F(Fault, StatusEndsAfterTheFirstRequests) {
    options.fault.status = 500;
    options.fault.status_first = 2;
    start();
    EXPECT_EQ(post_one().status, 500);
    EXPECT_EQ(connect()->get("/inlet/stats").status, 200) << "controls are never at fault";
    EXPECT_EQ(post_one().status, 500);
    EXPECT_EQ(post_one().status, 207);
}

TEST_F(Fault, EveryNthMessageIsRefused) {
    options.fault.refuse_every = 3;
    start();
    const Answer answer =
        connect()->post(kBatch, batch_of(std::vector<std::string>(7, message_with_id("a"))));
    EXPECT_EQ(answer.status, 207);
    EXPECT_EQ(inlet->stats().refused, 2U);
    EXPECT_EQ(inlet->stats().accepted, 5U);
    EXPECT_THAT(answer.body, HasSubstr("told to refuse"));
}

TEST_F(Fault, AnswerIsDelayed) {
    options.fault.delay = 300ms;
    start();
    const auto client = connect();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(client->post(kBatch, batch_of({})).status, 207);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 300ms);
}

TEST_F(Fault, StalledRequestIsNeverAnswered) {
    options.fault.stall = true;
    start();
    const auto client = connect(300ms);
    EXPECT_EQ(client->post(kBatch, batch_of({message_with_id("a")})).status, 0);
    EXPECT_FALSE(client->closes());
    EXPECT_EQ(connect()->get("/inlet/stats").status, 200);
    EXPECT_EQ(inlet->stats().requests, 1U);
    EXPECT_EQ(inlet->stats().accepted, 0U);
}

TEST_F(Fault, DroppedAnswerLeavesTheMessagesTaken) {
    options.fault.drop_answer_every = 2;
    start();
    EXPECT_EQ(post_one().status, 207);
    EXPECT_EQ(post_one().status, 0);
    EXPECT_EQ(post_one().status, 207);
    EXPECT_EQ(inlet->stats().accepted, 3U);
}

TEST_F(Fault, ShortAnswerLacksAnEntry) {
    options.fault.short_answer = true;
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
    FaultOptions fault;
    fault.status = 500;
    inlet->set_fault(fault);
    EXPECT_EQ(post_one().status, 500);
}

TEST_F(Fault, CountsBeginAnewWhenItIsSet) {
    options.fault.drop_answer_every = 2;
    start();
    EXPECT_EQ(post_one().status, 207);
    EXPECT_EQ(set_fault(R"({"drop_answer_every":2})").status, 200);
    EXPECT_EQ(post_one().status, 207);
    EXPECT_EQ(post_one().status, 0);
}

TEST(FaultText, IsReadBackAsItWasWritten) {
    const std::string all =
        R"({"status":503,"retry_after":7,"retry_after_date":true,"empty_body":true,"status_first":1,)"
        R"("refuse_every":2,"delay_ms":3,"stall":true,"drop_answer_every":4,"short_answer":true})";
    const auto fault = parse_fault(all);
    ASSERT_TRUE(fault) << fault.error().message;
    EXPECT_EQ(format_fault(*fault), all);
    EXPECT_EQ(fault->delay, 3ms);
    EXPECT_EQ(format_fault(*parse_fault("{}")), format_fault({}));
}

TEST(FaultText, IsRefusedWithTheKeyThatIsWrong) {
    const auto message = [](std::string_view json) { return parse_fault(json).error().message; };
    EXPECT_THAT(message(""), HasSubstr("not a JSON object"));
    EXPECT_THAT(message("[]"), HasSubstr("not a JSON object"));
    EXPECT_THAT(message(R"({"status":99})"), HasSubstr("`status` must be a number from 200 to 599"));
    EXPECT_THAT(message(R"({"status":"503"})"), HasSubstr("`status`"));
    EXPECT_THAT(message(R"({"retry_after":-1})"), HasSubstr("`retry_after`"));
    EXPECT_THAT(message(R"({"delay_ms":1e99})"), HasSubstr("`delay_ms`"));
    EXPECT_THAT(message(R"({"stall":1})"), HasSubstr("`stall` must be true or false"));
    EXPECT_THAT(message(R"({"refuse_every":-3})"), HasSubstr("`refuse_every`"));
    EXPECT_THAT(message(R"({"stale":true})"), HasSubstr("unknown key `stale`"));
}

TEST_F(Fault, StaysWhenTheNewOneIsWrong) {
    options.fault.status = 500;
    start();
    EXPECT_EQ(set_fault("{").status, 400);
    EXPECT_EQ(post_one().status, 500);
}

}  // namespace
}  // namespace aep::inlet
