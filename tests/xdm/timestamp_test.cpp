#include "xdm/timestamp.hpp"

#include <gtest/gtest.h>

#include <string>

#include "xdm/options.hpp"

namespace aep::xdm {
namespace {

std::string utc(std::string_view text) {
    const auto time = parse_date_time(text);
    return time ? base::format_rfc3339(*time) : "refused";
}

TEST(DateTime, TakesTheFourFormsOfAep) {
    EXPECT_EQ(utc("2019-02-23T22:07:01Z"), "2019-02-23T22:07:01.000Z");
    EXPECT_EQ(utc("2019-02-23T22:07:01.123456789Z"), "2019-02-23T22:07:01.123Z");
    EXPECT_EQ(utc("2019-02-23T22:07:01+01:00"), "2019-02-23T21:07:01.000Z");
    EXPECT_EQ(utc("2019-02-23T22:07:01.5-08:00"), "2019-02-24T06:07:01.500Z");
    EXPECT_EQ(utc("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00.000Z");
}

TEST(DateTime, RefusesEverythingElse) {
    for (const char* text : {"",
                             "2019-02-23",
                             "2019-02-23T22:07Z",
                             "2019-02-23T22:07:01",
                             "2019-02-23 22:07:01Z",
                             "2019-02-23t22:07:01z",
                             "2019-02-23T22:07:01.Z",
                             "2019-02-23T22:07:01.1234567890Z",
                             "2019-02-23T22:07:01+0100",
                             "2019-02-23T22:07:01+01",
                             "2019-02-23T22:07:01+24:00",
                             "2019-00-23T22:07:01Z",
                             "2019-13-23T22:07:01Z",
                             "2019-02-30T22:07:01Z",
                             "2023-02-29T00:00:00Z",
                             "2019-02-23T24:00:00Z",
                             "2019-02-23T23:60:00Z",
                             "2019-02-23T23:59:60Z",
                             "2019-02-23T22:07:01ZZ",
                             "1556668800000",
                             "+019-02-23T22:07:01Z",
                             "2019-02-23T22:07:0 Z"}) {
        EXPECT_EQ(utc(text), "refused") << text;
    }
}

TEST(DateTime, KeepsYearsBeyondTheClockInOrder) {
    EXPECT_EQ(parse_date_time("9999-12-31T23:59:59Z"), base::WallTime::max());
    EXPECT_EQ(parse_date_time("0001-01-01T00:00:00Z"), base::WallTime::min());
}

std::string read(const std::string& format, std::string_view text, const std::string& zone = "UTC") {
    const auto time = TimestampPattern{format, zone}.parse(text);
    return time ? base::format_rfc3339(*time) : "refused";
}

TEST(TimestampPattern, ReadsEpochs) {
    EXPECT_EQ(read("unix_s", "1556668800"), "2019-05-01T00:00:00.000Z");
    EXPECT_EQ(read("unix_ms", "1556668800123"), "2019-05-01T00:00:00.123Z");
    EXPECT_EQ(read("unix_s", "1556668800123"), "refused");
    EXPECT_EQ(read("unix_s", "-5"), "refused");
    EXPECT_EQ(read("unix_ms", "12x"), "refused");
    EXPECT_EQ(read("unix_s", "99999999999999999999"), "refused");
}

TEST(TimestampPattern, ReadsPatternsInTheirZone) {
    EXPECT_EQ(read("%Y-%m-%d %H:%M:%S", "2026-01-31 12:00:00"), "2026-01-31T12:00:00.000Z");
    EXPECT_EQ(read("%d/%b/%Y:%H:%M:%S %z", "31/Jan/2026:12:00:00 +0200"), "2026-01-31T10:00:00.000Z");
    EXPECT_EQ(read("%F %T", "2026-07-31 12:00:00.250", "Europe/Paris"), "2026-07-31T10:00:00.250Z");
    EXPECT_EQ(read("%F %T", "2026-01-31 12:00:00", "America/New_York"), "2026-01-31T17:00:00.000Z");
    EXPECT_EQ(read("%F %T", "2026-01-31 12:00:00.123456"), "2026-01-31T12:00:00.123Z");
    EXPECT_EQ(read("%F %T", "2026-01-31 12:00:00.123456789"), "2026-01-31T12:00:00.123Z");
    EXPECT_EQ(read("%F %T", "2026-01-31 12:00:00.1234567890"), "refused");
    EXPECT_EQ(read("%F %T", "2026-02-30 12:00:00"), "refused");
    EXPECT_EQ(read("%F %T", "2026-01-31 12:00:00 tail"), "refused");
    EXPECT_EQ(read("%F %T", "yesterday"), "refused");
}

TEST(TimestampPattern, KeepsYearsBeyondTheClockInOrder) {
    for (const char* zone : {"UTC", "Asia/Tokyo"}) {
        EXPECT_EQ(TimestampPattern("%F %T", zone).parse("3026-01-31 12:00:00"), base::WallTime::max());
        EXPECT_EQ(TimestampPattern("%F %T %z", zone).parse("0026-01-31 12:00:00 +0000"),
                  base::WallTime::min());
    }
    EXPECT_EQ(TimestampPattern("unix_s", "UTC").parse("253402300799"), base::WallTime::max());
    EXPECT_EQ(TimestampPattern("unix_ms", "UTC").parse("253402300799999"), base::WallTime::max());
}

TEST(TimestampPattern, KnowsWhichPatternsReadATime) {
    for (const char* good :
         {"%F", "%F %T", "%Y-%m-%dT%H:%M:%SZ", "%d/%b/%Y:%H:%M:%S %z", "%Y-%m-%d %H:%M:%S %Z", "%c", "%D %r",
          "%e %b %y %I:%M %p", "%Y %j", "[%F %T] 100%%"}) {
        EXPECT_TRUE(TimestampOptions::is_readable(good)) << good;
    }
    for (const char* bad : {"%Q", "%s", "%F %N", "%H:%M", "%Y-%m", "%b %d %H:%M:%S", "%", "%F %", "words"}) {
        EXPECT_FALSE(TimestampOptions::is_readable(bad)) << bad;
    }
}

TEST(TimestampPattern, RefusesUnknownZones) {
    EXPECT_THROW(TimestampPattern("%F", "Mars/Olympus"), std::runtime_error);
    EXPECT_TRUE(TimestampOptions::is_known_zone("Asia/Tokyo"));
}

}  // namespace
}  // namespace aep::xdm
