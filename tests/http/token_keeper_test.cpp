#include "http/token_keeper.hpp"

#include <gtest/gtest.h>

namespace aep::http {
namespace {

using namespace std::chrono_literals;
using Kind = TokenFailure::Kind;

class TokenKeeperTest : public testing::Test {
  protected:
    void issue(base::Millis lifetime = 1h) { keeper_.issued({"t", lifetime}, now_); }
    void fail(Kind kind, std::optional<base::Millis> asked = {}) {
        keeper_.failed(TokenFailure{kind, "words", asked}, now_);
    }
    [[nodiscard]] base::SteadyTime::duration wait() const { return keeper_.fetch_at() - now_; }
    [[nodiscard]] TokenPtr token() const { return keeper_.token(now_); }

    base::SteadyTime now_ = base::SteadyTime{} + 1000h;
    TokenKeeper keeper_{[] { return 0.5; }};
};

TEST_F(TokenKeeperTest, FetchesAtOnceAndAheadOfTheEnd) {
    EXPECT_LE(keeper_.fetch_at(), now_);
    EXPECT_EQ(token(), nullptr);
    issue();
    EXPECT_EQ(token()->authorization, "Bearer t");
    EXPECT_EQ(wait(), 55min - 30s);
    now_ += 1h - 1ms;
    EXPECT_NE(token(), nullptr);
    now_ += 1ms;
    EXPECT_EQ(token(), nullptr);
}

TEST_F(TokenKeeperTest, KeepsAnOldTokenWhileTheEndpointFails) {
    issue();
    now_ += 55min;
    const TokenPtr old = token();
    fail(Kind::Passing);
    EXPECT_EQ(token(), old);
    EXPECT_EQ(wait(), 500ms);
    fail(Kind::Passing);
    EXPECT_EQ(wait(), 1s);
    for (int i = 0; i < 20; ++i) fail(Kind::Passing);
    EXPECT_EQ(wait(), 30s);
    issue();
    fail(Kind::Passing);
    EXPECT_EQ(wait(), 500ms);  // from the beginning
}

TEST_F(TokenKeeperTest, WaitsLongForAnOperatorAndAsLongAsItIsAsked) {
    fail(Kind::Configuration);
    EXPECT_EQ(wait(), 30s);
    for (int i = 0; i < 20; ++i) fail(Kind::Configuration);
    EXPECT_EQ(wait(), 5min);
    keeper_.try_at_once(now_);
    EXPECT_EQ(wait(), 0s);
    fail(Kind::Passing, 10min);
    EXPECT_EQ(wait(), 10min);
}

TEST_F(TokenKeeperTest, DropsARefusedTokenOnceForAllWhoUsedIt) {
    issue();
    const TokenPtr first = token();
    now_ += 1min;
    EXPECT_TRUE(keeper_.refused(first, now_));
    EXPECT_EQ(token(), nullptr);
    EXPECT_EQ(wait(), 0s);
    EXPECT_TRUE(keeper_.refused(first, now_));  // another connection's request with it
    issue();
    const TokenPtr second = token();
    EXPECT_TRUE(keeper_.refused(first, now_));  // a late one: the new token is not to blame
    EXPECT_EQ(token(), second);
}

TEST_F(TokenKeeperTest, DoesNotMintTokensForAnInletThatWantsNone) {
    issue();
    EXPECT_TRUE(keeper_.refused(token(), now_));
    issue();
    EXPECT_FALSE(keeper_.refused(token(), now_));
    EXPECT_NE(token(), nullptr);
    now_ += 59s;
    EXPECT_FALSE(keeper_.refused(token(), now_));
    now_ += 1s;
    EXPECT_TRUE(keeper_.refused(token(), now_));
}

TEST_F(TokenKeeperTest, ReplacesOneThatWorkedWhenItIsRefusedLater) {
    issue();
    EXPECT_TRUE(keeper_.refused(token(), now_));
    issue();
    token()->proven = true;
    now_ += 1s;
    EXPECT_TRUE(keeper_.refused(token(), now_));
    issue(500ms);
    const TokenPtr expired = token();
    now_ += 500ms;
    EXPECT_TRUE(keeper_.refused(expired, now_));
}

TEST_F(TokenKeeperTest, DoesNotPressAnEndpointThatFailsBecauseTokensAreRefused) {
    issue();
    const TokenPtr token_in_force = token();
    fail(Kind::Passing);
    EXPECT_TRUE(keeper_.refused(token_in_force, now_));
    EXPECT_EQ(wait(), 500ms);
}

}  // namespace
}  // namespace aep::http
