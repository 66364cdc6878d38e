#include "delivery/verdict.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aep::delivery {
namespace {

using Fate = MessageVerdict::Fate;
using Kind = Verdict::Kind;

Verdict judge(int status, std::string body, std::size_t messages = 2, Answers answers = Answers::PerMessage) {
    http::Answer answer;
    answer.status = status;
    answer.body = std::move(body);
    return Judge{answers}.judge(answer, messages);
}

std::string fates(const Verdict& verdict) {
    std::string letters;
    for (const MessageVerdict& message : verdict.messages) {
        switch (message.fate) {
            case Fate::Settled:
                letters += 'S';
                break;
            case Fate::SendAgain:
                letters += 'A';
                break;
            case Fate::Failed:
                letters += 'F';
                break;
            case Fate::Refused:
                letters += 'R';
                break;
        }
    }
    return letters;
}

TEST(Judge, SettlesAllWhenNoEntryFailed) {
    EXPECT_EQ(judge(207, R"({"responses":[{"xactionId":"a-0"},{"xactionId":"a-1"}]})").kind,
              Kind::AllSettled);
    EXPECT_EQ(judge(200, R"({"responses":[{},{"status":200}]})").kind, Kind::AllSettled);
    EXPECT_EQ(judge(207, R"({"inletId":7,"responses":[{"statusCode":"201"},{"x":null}]})").kind,
              Kind::AllSettled);
}

TEST(Judge, TakesA2xxForNothingThatDoesNotAnswerEachMessage) {
    for (const char* body :
         {"", "OK", "{}", "[]", R"({"responses":[]})", R"({"responses":[{}]})", R"({"responses":[{},{},{}]})",
          R"({"responses":{}})", R"({"responses":[{},1]})", R"({"responses":[{},{"status":"bad"}]})",
          R"({"responses":[{},{"status":null}]})", R"({"responses":[{},{}])"}) {
        for (const int status : {200, 202, 204, 207}) {
            EXPECT_EQ(judge(status, body).kind, Kind::Unproven) << status << " " << body;
        }
    }
}

TEST(Judge, DoesNotReadACompressedBodyThatNobodyAskedFor) {
    http::Answer answer;
    answer.status = 207;
    answer.body = R"({"responses":[{}]})";
    answer.encoded = true;
    EXPECT_EQ(Judge{Answers::PerMessage}.judge(answer, 1).kind, Kind::Unproven);
}

TEST(Judge, BelievesAny2xxWhereToldTo) {
    EXPECT_EQ(judge(204, "", 2, Answers::Any2xx).kind, Kind::AllSettled);
    EXPECT_EQ(judge(503, "", 2, Answers::Any2xx).kind, Kind::Busy);
}

TEST(Judge, ReadsBothSpellingsOfAMessagesStatus) {
    for (const char* failure :
         {R"({"status":400,"message":"m"})", R"({"statusCode":400,"message":"m"})",
          R"({"statusCode":"400","message":"m"})", R"({"xactionId":"x","status":"400","message":"m"})"}) {
        const Verdict verdict =
            judge(207, std::string{R"({"responses":[{"xactionId":"x"},)"} + failure + "]}");
        EXPECT_EQ(fates(verdict), "SR") << failure;
        EXPECT_EQ(verdict.messages[1].status, 400);
        EXPECT_EQ(verdict.messages[1].words, "m");
    }
}

TEST(Judge, KeepsTheEntryWhereARefusalHasNoWords) {
    EXPECT_EQ(judge(207, R"({"responses":[{}, {"status": 400, "code":"X"}]})").messages[1].words,
              R"({"status":400,"code":"X"})");
}

TEST(Judge, TellsForEverFromForNow) {
    struct Case {
        int status;
        const char* fates;
    };
    for (const Case& one : {Case{400, "R"},
                            {401, "A"},
                            {403, "A"},
                            {404, "R"},
                            {408, "A"},
                            {413, "R"},
                            {422, "R"},
                            {425, "A"},
                            {429, "A"},
                            {500, "F"},
                            {501, "F"},
                            {502, "A"},
                            {503, "A"},
                            {504, "A"},
                            {599, "F"},
                            {302, "A"},
                            {100, "A"}}) {
        const Verdict verdict =
            judge(207, R"({"responses":[{"status":)" + std::to_string(one.status) + "}]}", 1);
        EXPECT_EQ(fates(verdict), one.fates) << one.status;
    }
}

TEST(Judge, PairsByIdWhereTheSuffixesAreAPermutation) {
    EXPECT_EQ(fates(judge(207, R"({"responses":[{"xactionId":"u-1","status":400},{"xactionId":"u-0"}]})")),
              "SR");
    EXPECT_EQ(
        fates(judge(207, R"({"responses":[{"xactionId":"1:2:1","status":400},{"xactionId":"1:2:0"}]})")),
        "SR");
}

TEST(Judge, PairsByPositionOtherwise) {
    for (const char* ids :
         {R"("xactionId":"u-1","status":400},{"xactionId":"u-1")",
          R"("xactionId":"u-9","status":400},{"xactionId":"u-0")", R"("status":400},{"xactionId":"u-0")",
          R"("xactionId":"u-1","status":400},{"xactionId":"plain")",
          R"("xactionId":7,"status":400},{"xactionId":"u-0")"}) {
        EXPECT_EQ(fates(judge(207, std::string{R"({"responses":[{)"} + ids + "}]}")), "RS") << ids;
    }
}

TEST(Judge, ClassesWholeRequestsByTheirStatus) {
    struct Case {
        int status;
        Kind kind;
        const char* held;
    };
    const Case cases[] = {
        {400, Kind::Refused, ""},
        {401, Kind::Held, "unauthorized"},
        {402, Kind::Held, "status_402"},
        {403, Kind::Held, "forbidden"},
        {404, Kind::Held, "not_found"},
        {405, Kind::Held, "status_405"},
        {407, Kind::Held, "proxy_unauthorized"},
        {408, Kind::Busy, ""},
        {413, Kind::TooLarge, ""},
        {415, Kind::Held, "status_415"},
        {422, Kind::Refused, ""},
        {425, Kind::Busy, ""},
        {429, Kind::Throttled, ""},
        {500, Kind::ServerError, ""},
        {501, Kind::Held, "status_501"},
        {502, Kind::Busy, ""},
        {503, Kind::Busy, ""},
        {504, Kind::Busy, ""},
        {301, Kind::Held, "redirected"},
        {302, Kind::Held, "redirected"},
        {418, Kind::Held, "status_418"},
        {599, Kind::Held, "status_599"},
    };
    for (const Case& one : cases) {
        const Verdict verdict = judge(one.status, "");
        EXPECT_EQ(verdict.kind, one.kind) << one.status;
        EXPECT_EQ(verdict.held_reason, one.held) << one.status;
    }
}

TEST(Judge, FindsAepsWordsWhereverTheyStand) {
    EXPECT_EQ(judge(400, R"({"title":"T","report":{"message":"Message has unknown xdm format"}})").words,
              "Message has unknown xdm format");
    EXPECT_EQ(judge(401, R"({"error_code":"401013","message":"Oauth token is not valid"})").words,
              "Oauth token is not valid");
    EXPECT_EQ(judge(400, R"({"detail":"D","title":"T"})").words, "D");
    EXPECT_EQ(judge(400, "<html>no</html>").words, "<html>no</html>");
    EXPECT_LE(judge(400, std::string(100'000, 'x')).words.size(), 2048U);
    EXPECT_EQ(judge(400, "\xff").words, "\xEF\xBF\xBD") << "words go into JSON: always valid UTF-8";
}

}  // namespace
}  // namespace aep::delivery
