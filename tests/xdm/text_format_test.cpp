#include "xdm/text_format.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

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
