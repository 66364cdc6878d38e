#include "xdm/text_format.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "xdm/timestamp.hpp"

namespace aep::xdm {
namespace {

TEST(TextFormat, TakesTheDateTimesThatAreRead) {
    constexpr std::string_view kSample = "2020-02-29T23:59:59.123456789+01:30";
    constexpr std::string_view kOthers = "0123456789TtZz:.+- ";
    const auto agree = [](const std::string& text) {
        EXPECT_EQ(matches(TextFormat::DateTime, text), parse_date_time(text).has_value()) << text;
    };
    for (const std::string_view zone : {"", "Z", "z", "+01:30", "-23:59", "+24:00", "+0100", "+01"}) {
        for (const std::string_view fraction : {"", ".", ".1", ".123456789", ".1234567890"}) {
            agree("2021-02-28T10:11:12" + std::string{fraction} + std::string{zone});
            agree("2021-02-29T10:11:12" + std::string{fraction} + std::string{zone});
        }
    }
    for (std::size_t i = 0; i < kSample.size(); ++i) {
        agree(std::string{kSample.substr(0, i)});
        for (const char c : kOthers) {
            std::string text{kSample};
            text[i] = c;
            agree(text);
            text.insert(i, 1, c);
            agree(text);
        }
    }
}

/// Every byte in every place, against a check that looks at one character after the other.
TEST(TextFormat, TakesNoOtherCharactersInDatesAndTimes) {
    for (const std::string_view sample : {"2019-11-13T14:15:16Z", "2019-11-13T14:15:16.5+11:12"}) {
        for (std::size_t at = 0; at < sample.size(); ++at) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string text{sample};
                text[at] = static_cast<char>(byte);
                EXPECT_EQ(matches(TextFormat::DateTime, text), parse_date_time(text).has_value())
                    << at << ": " << byte;
            }
        }
    }
}

TEST(TextFormat, TakesTheDaysThatExist) {
    constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (const int year : {0, 4, 1900, 1999, 2000, 2023, 2024, 2100, 9999}) {
        const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int month = 0; month < 100; ++month) {
            for (int day = 0; day < 100; ++day) {
                const bool exists = month >= 1 && month <= 12 && day >= 1 &&
                                    day <= kDays[month - 1] + (is_leap && month == 2 ? 1 : 0);
                const std::string text = fmt::format("{:04}-{:02}-{:02}", year, month, day);
                EXPECT_EQ(matches(TextFormat::Date, text), exists) << text;
                EXPECT_EQ(matches(TextFormat::DateTime, text + "T00:00:00Z"), exists) << text;
            }
        }
    }
    for (const std::string_view text : {"", "2024-01-0", "2024-01-011", "2024/01/01", "2024-1-011"}) {
        EXPECT_FALSE(matches(TextFormat::Date, text)) << text;
    }
}

TEST(TextFormat, TakesTimesOfADayOnly) {
    for (int first = 0; first < 100; ++first) {
        for (int second = 0; second < 100; ++second) {
            const std::string pair = fmt::format("{:02}:{:02}", first, second);
            const bool is_offset = first <= 23 && second <= 59;
            EXPECT_EQ(matches(TextFormat::DateTime, "2024-01-01T" + pair + ":00Z"), is_offset) << pair;
            EXPECT_EQ(matches(TextFormat::DateTime, "2024-01-01T00:" + pair + "Z"),
                      first <= 59 && second <= 59)
                << pair;
            EXPECT_EQ(matches(TextFormat::DateTime, "2024-01-01T00:00:00+" + pair), is_offset) << pair;
            EXPECT_EQ(matches(TextFormat::DateTime, "2024-01-01T00:00:00.25-" + pair), is_offset) << pair;
        }
    }
}

TEST(TextFormat, TakesMailboxes) {
    const std::string label(63, 'a');
    for (const std::string& text : std::vector<std::string>{
             "a@b", "a.b+c@d-e.example", "o'brien@example.org", "\"a@b\"@c", "a@[192.0.2.1]", "a@[IPv6:::1]",
             "a@[x:y@z]", R"("a\"@b"@c)", "a@" + label, "a@0.1", label + "@b", "a@b--c.d"}) {
        EXPECT_TRUE(matches(TextFormat::Email, text)) << text;
    }
    for (const std::string& text : std::vector<std::string>{"",
                                                            "a",
                                                            "@b",
                                                            "a@",
                                                            ".a@b",
                                                            "a.@b",
                                                            "a..b@c",
                                                            "a b@c",
                                                            "a@b.",
                                                            "a@.b",
                                                            "a@b..c",
                                                            "a@-b",
                                                            "a@b-",
                                                            "a@b-.c",
                                                            "a@b.-c",
                                                            "a@b_c",
                                                            "a@" + label + "a",
                                                            label + "aa@b",
                                                            "a@b\xc3\xa9",
                                                            "\xc3\xa9@b",
                                                            "a@[1]",
                                                            "a@b@c",
                                                            "\"a@b",
                                                            "\"a\\\"@b",
                                                            "\"a\"b@c"}) {
        EXPECT_FALSE(matches(TextFormat::Email, text)) << text;
    }
}

/// What stands in the wrong place is found wherever it stands.
TEST(TextFormat, TakesNoOtherCharactersInUris) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?#";
    constexpr std::string_view kSample = "https://example.com/a/path/that/is/long";
    for (std::size_t at = kSample.find("/a/"); at < kSample.size(); ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            std::string text{kSample};
            text[at] = static_cast<char>(byte);
            const bool starts_host =
                at == kSample.find("/a/") && std::string_view{":@"}.find(text[at]) != std::string_view::npos;
            if (starts_host) continue;  // a port, or a name and its host
            EXPECT_EQ(matches(TextFormat::Uri, text), kAllowed.find(text[at]) != std::string_view::npos)
                << at << ": " << byte;
        }
    }
    EXPECT_TRUE(matches(TextFormat::Uri, "https://a%20b.example/%41%5a?%7e#%ff"));
    EXPECT_FALSE(matches(TextFormat::Uri, "https://a/abc%4"));
    EXPECT_FALSE(matches(TextFormat::Uri, "https://a/abc%4g"));
}

TEST(TextFormat, TakesUrisApart) {
    for (const std::string_view text : {"http://a", "https://a.example:443/b?c=d#e", "HTTP://user:pw@host",
                                        "urn:a:b", "http://[2001:db8::7]/c", "http:", "mailto:a@b.example",
                                        "x://", "http://a?b", "http://a#b", "http://h:/", "http:///p"}) {
        EXPECT_TRUE(matches(TextFormat::Uri, text)) << text;
    }
    for (const std::string_view text :
         {"", "a", "//host", "http://a b", "http://a:x", "http://[::1", "http://[::1]x", "1http://a", ":a",
          "http://a/%z1", "http://a@b@c", "http://a/[", "a b:c", "http://a#b#c"}) {
        EXPECT_FALSE(matches(TextFormat::Uri, text)) << text;
    }
    for (const std::string_view text : {"", "a", "//host/a", "../a:b", "?q", "#f", "a/b:c", "./a:b"}) {
        EXPECT_TRUE(matches(TextFormat::UriReference, text)) << text;
    }
    EXPECT_FALSE(matches(TextFormat::UriReference, "1a:b"));
}

}  // namespace
}  // namespace aep::xdm
