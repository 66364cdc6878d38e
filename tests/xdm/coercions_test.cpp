#include "xdm/coercions.hpp"

#include <gtest/gtest.h>

namespace aep::xdm {
namespace {

TEST(Coercions, KnowJsonNumbers) {
    for (const char* number :
         {"0", "-0", "12", "12.50", "-1.5e+10", "1E5", "123456789012345678901234567890"}) {
        EXPECT_TRUE(is_json_number(number)) << number;
    }
    for (const char* text : {"", "-", "01", "+1", "1.", ".5", "1e", "1e+", "1,5", " 1", "0x1", "NaN", "1 "}) {
        EXPECT_FALSE(is_json_number(text)) << text;
    }
}

TEST(Coercions, TrimOnlyWhatHasBlanksAround) {
    EXPECT_EQ(trimmed(" a b\t"), "a b");
    EXPECT_EQ(trimmed(" "), "");
    EXPECT_EQ(trimmed("a b"), std::nullopt);
    EXPECT_EQ(trimmed(""), std::nullopt);
}

TEST(Coercions, MakeDateTimesWithoutLoss) {
    EXPECT_EQ(to_date_time("2026-01-31 12:00:00Z"), "2026-01-31T12:00:00Z");
    EXPECT_EQ(to_date_time("2026-01-31t12:00:00.123456789z"), "2026-01-31T12:00:00.123456789Z");
    EXPECT_EQ(to_date_time("2026-01-31T12:00:00+0100"), "2026-01-31T12:00:00+01:00");
    EXPECT_EQ(to_date_time("2026-01-31T12:00:00.5-08"), "2026-01-31T12:00:00.5-08:00");
    EXPECT_EQ(to_date_time("2026-01-31T12:00Z"), "2026-01-31T12:00:00Z");
    EXPECT_EQ(to_date_time("2026-01-31 12:00+0100"), "2026-01-31T12:00:00+01:00");
    EXPECT_EQ(to_date_time("1556668800"), "2019-05-01T00:00:00.000Z");
    EXPECT_EQ(to_date_time("1556668800123"), "2019-05-01T00:00:00.123Z");
}

TEST(Coercions, GuessNoDateTimes) {
    for (const char* text :
         {"2026-01-31T12:00:00", "2026-01-31", "2026-02-30 12:00:00Z", "155666880", "15566688001",
          "2026-01-31 12:00:00 CET", "31.01.2026 12:00:00Z", "2026-01-31T12:00:00.1234567890z", "",
          "2026-01-31T12:00:00Z", "99999-01-31 12:00:00Z"}) {
        EXPECT_EQ(to_date_time(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace aep::xdm
