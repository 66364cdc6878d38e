#include "http/token_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace aep::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Kind = TokenFailure::Kind;

Answer answer_of(int status, const std::string& body) {
    Answer answer;
    answer.status = status;
    answer.body = body;
    return answer;
}

std::variant<IssuedToken, TokenFailure> read(int status, const std::string& body) {
    return read_token_answer(answer_of(status, body), "hunter2", base::WallTime{});
}

base::Millis lifetime(const std::string& expires_in) {
    const auto answer = read(200, R"({"access_token":"abc","token_type":"bearer")" + expires_in + "}");
    return std::get<IssuedToken>(answer).lifetime;
}

TEST(TokenForm, EncodesEveryValue) {
    EXPECT_EQ(token_form("id 1", "s+&%=\xC3\xA4", {"openid", "a.b"}),
              "grant_type=client_credentials&client_id=id%201&client_secret=s%2B%26%25%3D%C3%A4&"
              "scope=openid%2Ca.b");
}

TEST(TokenAnswer, CountsItsLifetimeInSecondsOrMilliseconds) {
    EXPECT_EQ(lifetime(R"(,"expires_in":86399)"), 86'399s);
    EXPECT_EQ(lifetime(R"(,"expires_in":"86399")"), 86'399s);
    EXPECT_EQ(lifetime(R"(,"expires_in":86399992)"), 86'399'992ms);
    EXPECT_EQ(lifetime(R"(,"expires_in":"82399996")"), 82'399'996ms);
    EXPECT_EQ(lifetime(R"(,"expires_in":1000000)"), 1'000'000s);
    EXPECT_EQ(lifetime(R"(,"expires_in":2.5)"), 2'500ms);
    EXPECT_EQ(lifetime(R"(,"expires_in":1e300)"), 24h * 30);
}

TEST(TokenAnswer, LivesForAnHourWhereItDoesNotSay) {
    for (const char* odd : {"", R"(,"expires_in":0)", R"(,"expires_in":-5)", R"(,"expires_in":null)",
                            R"(,"expires_in":"soon")", R"(,"expires_in":"")", R"(,"expires_in":[1])"}) {
        EXPECT_EQ(lifetime(odd), 1h) << odd;
    }
}

TEST(TokenAnswer, IsSortedByWhoCanCureIt) {
    const struct {
        int status;
        const char* body;
        Kind kind;
    } cases[] = {
        {401, R"({"error":"invalid_client"})", Kind::Configuration},
        {400, R"({"error":"unauthorized_client"})", Kind::Configuration},
        {400, R"({"error":"invalid_scope","error_description":"x"})", Kind::Configuration},
        {400, R"({"error":"invalid_request"})", Kind::Configuration},
        {400, R"({"error":"temporarily_unavailable"})", Kind::Passing},
        {404, "<html>", Kind::Configuration},
        {301, "", Kind::Configuration},
        {200, "<html>login</html>", Kind::Configuration},
        {200, R"({"token":"x"})", Kind::Configuration},
        {200, R"({"access_token":5})", Kind::Configuration},
        {200, R"({"access_token":""})", Kind::Configuration},
        {200, "{\"access_token\":\"a\\r\\nX-Evil: 1\"}", Kind::Configuration},
        {408, "", Kind::Passing},
        {429, R"({"error":"invalid_client"})", Kind::Passing},
        {500, "", Kind::Passing},
        {503, "not JSON", Kind::Passing},
    };
    for (const auto& one : cases) {
        const auto answer = read(one.status, one.body);
        ASSERT_TRUE(std::holds_alternative<TokenFailure>(answer)) << one.status << one.body;
        EXPECT_EQ(std::get<TokenFailure>(answer).kind, one.kind) << one.status << one.body;
    }
}

TEST(TokenAnswer, IsToldInTheEndpointsWordsWithoutTheSecret) {
    const auto answer =
        read(401, R"({"error":"invalid_client","error_description":"hunter2 is not hunter2"})");
    EXPECT_EQ(std::get<TokenFailure>(answer).words, "status 401 invalid_client: *** is not ***");
    const auto once = read_token_answer(answer_of(400, R"({"error":"a*b"})"), "*", base::WallTime{});
    EXPECT_EQ(std::get<TokenFailure>(once).words, "status 400 a***b");
    const auto coded =
        read_token_answer(answer_of(400, R"({"error":"client_secret=a%2Bb"})"), "a+b", base::WallTime{});
    EXPECT_EQ(std::get<TokenFailure>(coded).words, "status 400 client_secret=***");
    const std::string long_words = std::string(510, 'x') + "hunter2";
    const auto cut = read(400, R"({"error_description":")" + long_words + "\"}");
    EXPECT_EQ(std::get<TokenFailure>(cut).words.find("hu"), std::string::npos);
}

TEST(TokenAnswer, MayAskForPatience) {
    Answer answer = answer_of(429, "");
    answer.retry_after = "7";
    EXPECT_EQ(std::get<TokenFailure>(read_token_answer(answer, "s", base::WallTime{})).asked, 7s);
}

TEST(RefreshAfter, IsLateInALifetimeAndNeverAtItsEnd) {
    EXPECT_EQ(refresh_after(24h, 0), 24h - 5min);
    EXPECT_EQ(refresh_after(24h, 0.5), 24h - 5min - 30s);
    EXPECT_EQ(refresh_after(10min, 0), 8min);
    EXPECT_EQ(refresh_after(2s, 0), 1600ms);
    EXPECT_EQ(refresh_after(2s, 0.999), 1401ms);
    EXPECT_EQ(refresh_after(1ms, 0.5), 0ms);
}

}  // namespace
}  // namespace aep::http
