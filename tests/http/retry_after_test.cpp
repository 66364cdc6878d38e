#include "http/retry_after.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace aep::http {
namespace {

using namespace std::chrono_literals;

// Sun, 06 Nov 1994 08:49:37 GMT
constexpr base::WallTime kNow{std::chrono::seconds{784'111'777}};

TEST(RetryAfter, MayBeSeconds) {
    EXPECT_EQ(parse_retry_after("0", kNow), 0s);
    EXPECT_EQ(parse_retry_after("120", kNow), 120s);
}

TEST(RetryAfter, MayBeADateInEachFormOfHttp) {
    for (const char* date :
         {"Sun, 06 Nov 1994 08:50:07 GMT", "Sunday, 06-Nov-94 08:50:07 GMT", "Sun Nov  6 08:50:07 1994"}) {
        EXPECT_EQ(parse_retry_after(date, kNow), 30s) << date;
    }
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", kNow), 0s) << "gone by";
}

TEST(RetryAfter, IsNotBelievedForLong) {
    EXPECT_EQ(parse_retry_after("86400", kNow), kLongestRetryAfter);
    EXPECT_EQ(parse_retry_after("99999999999999999999999", kNow), kLongestRetryAfter);
    EXPECT_EQ(parse_retry_after("Mon, 07 Nov 1994 08:49:37 GMT", kNow), kLongestRetryAfter);
}

TEST(RetryAfter, IsIgnoredWhereItIsNeither) {
    for (const char* text : {"", "soon", "-5", "1.5", "5s", "Sun, 32 Nov 1994 08:50:07 GMT"}) {
        EXPECT_FALSE(parse_retry_after(text, kNow).has_value()) << text;
    }
}

}  // namespace
}  // namespace aep::http
