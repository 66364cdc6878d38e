#include "base/duration.hpp"

#include <gtest/gtest.h>

namespace aep::base {
namespace {

using namespace std::chrono_literals;

TEST(ParseDuration, ReadsEveryUnit) {
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("30s"), 30s);
    EXPECT_EQ(parse_duration("5m"), 5min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("0"), 0ms);
    EXPECT_EQ(parse_duration("0s"), 0ms);
}

TEST(ParseDuration, RefusesWhatItDoesNotKnow) {
    for (const char* text :
         {"", "s", "1", "-1s", "+1s", "1.5s", "1 s", " 1s", "1S", "1d", "1us", "1sec", "00x"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(ParseDuration, RefusesOverflow) {
    EXPECT_TRUE(parse_duration("9223372036854775807ms"));
    EXPECT_FALSE(parse_duration("9223372036854775808ms"));
    EXPECT_TRUE(parse_duration("2562047788015h"));
    EXPECT_FALSE(parse_duration("2562047788016h"));
}

TEST(FormatDuration, IsTheShortestExactSpelling) {
    EXPECT_EQ(format_duration(0ms), "0s");
    EXPECT_EQ(format_duration(1ms), "1ms");
    EXPECT_EQ(format_duration(1500ms), "1500ms");
    EXPECT_EQ(format_duration(90s), "90s");
    EXPECT_EQ(format_duration(60s), "1m");
    EXPECT_EQ(format_duration(120min), "2h");
}

TEST(FormatDuration, IsReadBackByParseDuration) {
    for (std::int64_t millis = 1; millis < 100'000'000'000; millis = millis * 3 + millis % 2) {
        for (const std::int64_t unit : {1, 1'000, 60'000, 3'600'000}) {
            EXPECT_EQ(parse_duration(format_duration(Millis{millis * unit})), Millis{millis * unit});
        }
    }
}

}  // namespace
}  // namespace aep::base
