#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "base/json_text.hpp"
#include "base/result.hpp"
#include "base/utf8.hpp"

namespace aep::base {
namespace {

TEST(JsonString, IsReadBackByAParser) {
    std::string all;
    for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
    all += "größe \xF0\x9F\x98\x80";
    std::string json;
    append_json_string(json, all);
    EXPECT_EQ(boost::json::parse(json).as_string(), all);
    EXPECT_EQ(json.find('\n'), std::string::npos);
}

TEST(JsonString, IsAppended) {
    std::string json = "{\"a\":";
    append_json_string(json, "");
    EXPECT_EQ(json, "{\"a\":\"\"");
}

// A wide sample of three bytes of which the first is not ASCII, judged by Boost.JSON's own check.
TEST(Utf8, AgreesWithAnIndependentParser) {
    for (unsigned n = 0; n < 0x800000; n += 7) {
        const std::string text{static_cast<char>(0x80U | (n >> 16U)), static_cast<char>(n >> 8U & 0xFFU),
                               static_cast<char>(n & 0xFFU)};
        std::string json;
        append_json_string(json, text);
        boost::json::error_code error;
        boost::json::parse(json, error);
        ASSERT_EQ(is_utf8(text), !error) << std::hex << n;
    }
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndTooLargeOnes) {
    for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
                            "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3",
                            "\xE2\x82", "\xF0\x9F\x98", "a\xC3(", "\xE2\x28\xA1"}) {
        EXPECT_FALSE(is_utf8(bad)) << ::testing::PrintToString(std::string{bad});
    }
    for (const char* good : {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                             "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
        EXPECT_TRUE(is_utf8(good)) << ::testing::PrintToString(std::string{good});
    }
}

TEST(Utf8, ReplacesOnlyWhatIsInvalid) {
    EXPECT_EQ(to_utf8("gr\xC3\xB6\xDF"
                      "e"),
              "gr\xC3\xB6\xEF\xBF\xBD"
              "e");
    EXPECT_EQ(to_utf8(std::string_view{"a\0b", 3}), std::string_view("a\0b", 3));
    EXPECT_TRUE(is_utf8(to_utf8("\xFF\xFE\xF0\x9F")));
    EXPECT_EQ(printable("a\x1b[2J\n\xFF\x7F"), "a [2J \xEF\xBF\xBD ");
}

TEST(SystemError, SaysWhatFailedAndWhy) {
    const Error error = system_error("cannot open /x", ENOENT);
    EXPECT_EQ(error.message, "cannot open /x: No such file or directory");
    EXPECT_EQ(error.code, boost::system::errc::no_such_file_or_directory);
}

TEST(Result, ThrowsItsErrorsTextWhereAValueIsInsistedOn) {
    const Result<int> failed{Error{"it broke"}};
    EXPECT_FALSE(failed);
    try {
        static_cast<void>(failed.value());
        FAIL() << "no exception";
    } catch (const std::runtime_error& problem) {
        EXPECT_STREQ(problem.what(), "it broke");
    }
}

}  // namespace
}  // namespace aep::base
