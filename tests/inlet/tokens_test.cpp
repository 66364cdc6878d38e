#include "inlet/tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace aep::inlet {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* kForm = "grant_type=client_credentials&client_id=me&client_secret=a%2Bb&scope=openid";

class TokensTest : public testing::Test {
  protected:
    TokensTest() {
        options_.client_id = "me";
        options_.client_secret = "a+b";
        options_.require_token = true;
        options_.token_lifetime = 2s;
    }
    [[nodiscard]] Response ask(const std::string& form = kForm) { return tokens_.issue(form, now_).response; }
    [[nodiscard]] std::string token() {
        const std::string body = ask().body;
        const std::size_t begin = body.find(":\"") + 2;
        return body.substr(begin, body.find('"', begin) - begin);
    }
    /// The status of a request with this header; 0: it is let in.
    [[nodiscard]] int status_with(const std::string& authorization) {
        const auto refusal = tokens_.refusal(authorization, "inlet", now_);
        return refusal ? refusal->status : 0;
    }

    InletOptions options_;
    Tokens tokens_{options_};
    base::SteadyTime now_ = base::SteadyTime{} + 1h;
};

TEST_F(TokensTest, AreGivenToWhoeverKnowsTheSecret) {
    EXPECT_EQ(ask().status, 200);
    EXPECT_THAT(ask().body, HasSubstr(R"("token_type":"bearer","expires_in":2})"));
    options_.token_lifetime_in_ms = true;
    EXPECT_THAT(ask().body, HasSubstr(R"("expires_in":2000})"));
    EXPECT_EQ(tokens_.issued(), 3U);
}

TEST_F(TokensTest, AreGivenToNobodyElse) {
    EXPECT_THAT(ask("grant_type=client_credentials&client_id=me&client_secret=a+b&scope=x").body,
                HasSubstr("invalid_client"));  // a '+' of a form is a blank
    EXPECT_EQ(ask("grant_type=client_credentials&client_id=you&client_secret=a%2Bb&scope=x").status, 401);
    EXPECT_THAT(ask("grant_type=password&client_id=me&client_secret=a%2Bb").body,
                HasSubstr("unsupported_grant_type"));
    EXPECT_THAT(ask("grant_type=client_credentials&client_id=me&client_secret=a%2Bb").body,
                HasSubstr("invalid_scope"));
    EXPECT_EQ(tokens_.issued(), 0U);
    EXPECT_EQ(tokens_.asked(), 4U);
}

TEST_F(TokensTest, LetInUntilTheyExpireOrAreRevoked) {
    const std::string first = token();
    EXPECT_EQ(status_with(""), 401);
    EXPECT_EQ(status_with("Bearer " + first), 0);
    EXPECT_EQ(status_with("bearer " + first), 0);
    EXPECT_EQ(status_with(first), 0);  // old texts allow it bare
    EXPECT_EQ(status_with("Bearer x" + first), 401);
    options_.token_refusal = 403;
    now_ += 2s;
    EXPECT_EQ(status_with("Bearer " + first), 403);
    EXPECT_EQ(status_with(""), 401);
    const std::string second = token();
    EXPECT_EQ(status_with("Bearer " + second), 0);
    tokens_.revoke();
    EXPECT_EQ(status_with("Bearer " + second), 403);
}

TEST_F(TokensTest, AreNotAskedForWhereTheyAreNotRequired) {
    options_.require_token = false;
    EXPECT_EQ(status_with("Bearer wrong"), 0);
}

TEST_F(TokensTest, MayBeHadNoMoreBecauseOfAFault) {
    tokens_.set_fault(*parse_token_fault(R"({"status":429,"retry_after":3,"delay_ms":5})"));
    const auto outcome = tokens_.issue(kForm, now_);
    EXPECT_EQ(outcome.response.status, 429);
    EXPECT_THAT(outcome.response.headers, HasSubstr("Retry-After: 3\r\n"));
    EXPECT_EQ(outcome.delay, 5ms);
    tokens_.set_fault(*parse_token_fault(R"({"status":400,"error":"invalid_client"})"));
    EXPECT_THAT(ask().body, HasSubstr(R"("error":"invalid_client")"));
    tokens_.set_fault(*parse_token_fault(R"({"drop":true})"));
    EXPECT_TRUE(tokens_.issue(kForm, now_).drop);
    tokens_.set_fault(*parse_token_fault("{}"));
    EXPECT_EQ(ask().status, 200);
}

TEST(TokenFault, NamesTheKeyThatIsWrong) {
    for (const char* wrong : {"[]", R"({"status":99})", R"({"error":5})", R"({"retry_after":-1})",
                              R"({"drop":1})", R"({"delay_ms":"x"})", R"({"stauts":500})"}) {
        EXPECT_FALSE(parse_token_fault(wrong)) << wrong;
    }
    EXPECT_THAT(parse_token_fault(R"({"stauts":500})").error().message, HasSubstr("unknown key `stauts`"));
}

}  // namespace
}  // namespace aep::inlet
