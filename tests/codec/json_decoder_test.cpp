#include "codec/json_decoder.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <vector>

namespace aep::codec {
namespace {

struct Verdict {
    bool valid = false;
    std::string code;
    std::string reason;
    std::size_t offset = 0;
};

Verdict decode(std::string_view text, const CodecOptions& options = {}) {
    std::string padded{text};
    padded.append(simdjson::SIMDJSON_PADDING, ' ');
    const std::string_view record{padded.data(), text.size()};
    JsonDecoder decoder{options};
    if (decoder.decode(record) != nullptr) return {.valid = true, .code = "", .reason = ""};
    const DecodeFailure failure = decoder.explain(record);
    return {.valid = false,
            .code = std::string{failure.code},
            .reason = failure.reason,
            .offset = failure.offset};
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + '1' + std::string(depth, ']');
}

TEST(JsonDecoder, TakesWholeValidValues) {
    for (const char* text :
         {R"({"a":1})", R"(  {"a":[1,2.5,-3e4,true,null,"x\n\u00e9"]}  )", "[]", "\"text\"", "17",
          R"({"max":18446744073709551615,"min":-9223372036854775808})"}) {
        EXPECT_TRUE(decode(text).valid) << text;
    }
}

TEST(JsonDecoder, RefusesWhatOnDemandParsersLetThrough) {
    for (const char* text : {R"({"a":tru})", R"({"a":01})", R"({"a":"\q"})", R"({"a":"\uD800"})", "[1,}",
                             "[1 2]", R"({"a":1}})", R"({"a":1} x)", R"({"a")", "", "   ", "{'a':1}",
                             R"({"a":1,})", R"({"a":.5})", R"({"a":+1})", R"({"a":NaN})", "\"open"}) {
        EXPECT_EQ(decode(text).code, "invalid_json") << text;
    }
}

TEST(JsonDecoder, SaysWhereTheFaultIs) {
    const Verdict verdict = decode(R"({"name":"x","age":tru})");
    EXPECT_EQ(verdict.code, "invalid_json");
    EXPECT_GE(verdict.offset, 18U);
    EXPECT_LE(verdict.offset, 21U);
    EXPECT_NE(verdict.reason.find("at byte"), std::string::npos) << verdict.reason;
}

TEST(JsonDecoder, RefusesRawControlCharactersAndNulBytes) {
    using namespace std::string_view_literals;
    EXPECT_EQ(decode("{\"a\":\"x\0y\"}"sv).code, "invalid_json");
    EXPECT_EQ(decode("{\"a\":\0 1}"sv).code, "invalid_json");
    EXPECT_EQ(decode("{\"a\":\"x\ty\"}"sv).code, "invalid_json");
}

TEST(JsonDecoder, RefusesInvalidUtf8) {
    for (const char* text :
         {"{\"a\":\"\xff\"}", "{\"a\":\"\xc3\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xc0\xaf\"}"}) {
        EXPECT_EQ(decode(text).code, "invalid_utf8") << text;
    }
}

TEST(JsonDecoder, TellsNumbersThatAreTooLargeFromBrokenOnes) {
    for (const char* text :
         {R"({"a":18446744073709551616})", R"({"a":-9223372036854775809})",
          R"({"a":123456789012345678901234567890})", R"({"a":1e999})", R"([1,2,-1e400])"}) {
        EXPECT_EQ(decode(text).code, "number_out_of_range") << text;
    }
    const Verdict verdict = decode(R"({"a":123456789012345678901})");
    EXPECT_EQ(verdict.offset, 5U);
    EXPECT_NE(verdict.reason.find("123456789012345678901"), std::string::npos) << verdict.reason;
}

TEST(JsonDecoder, BoundsDepthExactly) {
    const CodecOptions options{.type = CodecOptions::Type::Ndjson, .max_depth = 10};
    EXPECT_TRUE(decode(nested(10), options).valid);
    EXPECT_EQ(decode(nested(11), options).code, "too_deep");
    EXPECT_EQ(decode(nested(100'000), options).code, "too_deep");
}

TEST(JsonDecoder, GoesOnAfterARefusedRecord) {
    JsonDecoder decoder{CodecOptions{}};
    std::string bad = "{\"a\":";
    std::string good = "{\"a\":1}";
    bad.append(64, ' ');
    good.append(64, ' ');
    EXPECT_EQ(decoder.decode(std::string_view{bad}.substr(0, 5)), nullptr);
    EXPECT_NE(decoder.decode(std::string_view{good}.substr(0, 7)), nullptr);
}

TEST(JsonDecoder, TakesRecordsFarLargerThanItsFirstBuffer) {
    const std::string text = "{\"a\":\"" + std::string(3'000'000, 'x') + "\"}";
    EXPECT_TRUE(decode(text).valid);
}

}  // namespace
}  // namespace aep::codec
