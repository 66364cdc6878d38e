#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/beast/core/detail/base64.hpp>
#include <boost/json.hpp>
#include <string>

#include "base/version.hpp"
#include "store/dead_letter_file.hpp"
#include "store/stored_letter.hpp"

namespace aep::store {
namespace {

using Form = record::DeadLetter::Form;

record::DeadLetter letter_with(std::string content, Form form = Form::Record) {
    record::Origin origin;
    origin.source = "web";
    origin.name = "/var/log/shop/a.json";
    origin.is_file = true;
    record::DeadLetter letter;
    letter.code = "invalid";
    letter.reason = "the record does not fit the schema";
    letter.stream = "events";
    letter.origin = std::make_shared<record::Origin>(std::move(origin));
    letter.position = 1234;
    letter.form = form;
    letter.content = std::move(content);
    letter.time = base::WallTime{std::chrono::milliseconds{1'769'860'800'123}};
    return letter;
}

boost::json::object parsed(const record::DeadLetter& letter) {
    const std::string line = to_line(letter);
    EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line";
    EXPECT_EQ(line.find('\r'), std::string::npos);
    return boost::json::parse(line).as_object();
}

std::string content_back(const std::string& content) {
    const boost::json::object line = parsed(letter_with(content));
    if (const auto* text = line.if_contains("content")) return std::string{text->as_string()};
    namespace base64 = boost::beast::detail::base64;
    const boost::json::string& encoded = line.at("content_base64").as_string();
    std::string bytes(base64::decoded_size(encoded.size()), '\0');
    bytes.resize(base64::decode(bytes.data(), encoded.data(), encoded.size()).first);
    return bytes;
}

TEST(DeadLetterLine, SaysWhatWhereAndWhy) {
    EXPECT_EQ(to_line(letter_with("{\"a\":1}")),
              R"({"time":"2026-01-31T12:00:00.123Z","code":"invalid",)"
              R"("reason":"the record does not fit the schema","stream":"events","source":"web",)"
              R"("file":"/var/log/shop/a.json","position":1234,"agent_version":)"
              "\"" +
                  std::string{base::kVersion} +
                  R"(","form":"record","content":"{\"a\":1}"})"
                  "\n");
}

TEST(DeadLetterLine, NamesThePeerOfAConnectionAsItsOrigin) {
    record::DeadLetter letter = letter_with("x");
    record::Origin origin;
    origin.name = "10.0.0.1:4711";
    letter.origin = std::make_shared<record::Origin>(std::move(origin));
    const auto line = parsed(letter);
    EXPECT_EQ(line.at("origin").as_string(), "10.0.0.1:4711");
    EXPECT_FALSE(line.contains("file"));
}

TEST(DeadLetterLine, ListsTheViolations) {
    record::DeadLetter letter = letter_with("x");
    letter.errors = {{"type", "/a/b", "must be a \"string\"\n"}, {"required", "", "_id is missing"}};
    const auto line = parsed(letter);
    const auto& errors = line.at("errors").as_array();
    ASSERT_EQ(errors.size(), 2U);
    EXPECT_EQ(errors[0].at("keyword").as_string(), "type");
    EXPECT_EQ(errors[0].at("pointer").as_string(), "/a/b");
    EXPECT_EQ(errors[0].at("message").as_string(), "must be a \"string\"\n");
    EXPECT_EQ(errors[1].at("pointer").as_string(), "");
}

TEST(DeadLetterLine, KeepsTheInletsOwnWords) {
    record::DeadLetter letter = letter_with(R"({"_id":"1"})", Form::Entity);
    letter.status = 400;
    letter.answer = "{\"title\":\"bad\xFF\"}";
    letter.attempts = 3;
    const auto line = parsed(letter);
    EXPECT_EQ(line.at("status").to_number<int>(), 400);
    EXPECT_EQ(line.at("answer").as_string(), "{\"title\":\"bad\xEF\xBF\xBD\"}");
    EXPECT_EQ(line.at("attempts").to_number<int>(), 3);
    EXPECT_EQ(line.at("form").as_string(), "entity");
    EXPECT_EQ(line.at("content").at("_id").as_string(), "1");
}

TEST(DeadLetterLine, LeavesOutWhatDoesNotApply) {
    const auto line = parsed(letter_with("x"));
    for (const char* key : {"errors", "status", "answer", "attempts", "true_size", "content_base64"}) {
        EXPECT_FALSE(line.contains(key)) << key;
    }
}

TEST(DeadLetterLine, TellsTheTrueSizeOfAnOversizedRecord) {
    record::DeadLetter letter = letter_with("only the beginning");
    letter.true_size = 5'000'000'000;
    EXPECT_EQ(parsed(letter).at("true_size").to_number<std::uint64_t>(), 5'000'000'000U);
}

TEST(DeadLetterLine, KeepsHostileRecordsToTheByte) {
    std::string every_byte;
    for (int c = 0; c < 256; ++c) every_byte += static_cast<char>(c);
    std::string every_ascii = every_byte.substr(0, 128);
    for (const std::string& content :
         {std::string{}, std::string{"\0", 1}, std::string{"a\nb\r\nc"},
          std::string{"\"quoted\" \\ and \\u0000"}, std::string{"\",\"form\":\"entity\",\"content\":{}"},
          std::string{"größe \xF0\x9F\x98\x80"}, std::string{"cut in a character \xC3"},
          std::string{"\xED\xA0\x80"}, every_ascii, every_byte, every_byte + "1", every_byte + "12"}) {
        EXPECT_EQ(content_back(content), content);
    }
}

TEST(DeadLetterLine, EncodesOnlyWhatIsNotUtf8) {
    EXPECT_TRUE(parsed(letter_with("größe\0")).contains("content"));
    const auto line = parsed(letter_with("\xFF"));
    EXPECT_FALSE(line.contains("content"));
    EXPECT_EQ(line.at("content_base64").as_string(), "/w==");
}

TEST(DeadLetterLine, TakesAnEntityAsItIs) {
    // Digits and escapes that a parser would change stay; line breaks between tokens do not break the line.
    const std::string line =
        to_line(letter_with("{\r\n \"n\": 1.50000000000000000001,\n\"s\":\"\\u00e9\\n\"}", Form::Entity));
    EXPECT_TRUE(line.ends_with("\"content\":{   \"n\": 1.50000000000000000001, \"s\":\"\\u00e9\\n\"}}\n"))
        << line;
    EXPECT_TRUE(parsed(letter_with("", Form::Entity)).at("content").is_null());
}

TEST(DeadLetterLine, ReadsBackAsItWas) {
    record::Origin origin;
    origin.source = "web";
    origin.name = "/var/log/\xFFshop.json";
    origin.generation = "0123abcd";
    origin.is_file = true;
    record::DeadLetter letter =
        letter_with("{ \"_id\" : \"e-1\", \"n\":1.50000000000000000001 }", Form::Entity);
    letter.origin = std::make_shared<record::Origin>(std::move(origin));
    letter.errors = {{"type", "/a", "must be a string"}};
    letter.status = 400;
    letter.answer = "no\n";
    letter.attempts = 2;
    const auto stored = parse_letter(to_line(letter));
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(stored->time, "2026-01-31T12:00:00.123Z");
    EXPECT_EQ(stored->code, "invalid");
    EXPECT_EQ(stored->stream, "events");
    EXPECT_EQ(stored->source, "web");
    EXPECT_EQ(stored->name, "/var/log/\xEF\xBF\xBDshop.json");
    EXPECT_TRUE(stored->is_file);
    EXPECT_EQ(stored->generation, "0123abcd");
    EXPECT_EQ(stored->position, 1234U);
    EXPECT_EQ(stored->status, 400U);
    EXPECT_EQ(stored->answer, "no\n");
    EXPECT_EQ(stored->attempts, 2U);
    EXPECT_EQ(stored->id, "e-1");
    EXPECT_EQ(stored->agent_version, base::kVersion);
    EXPECT_EQ(stored->form, Form::Entity);
    EXPECT_EQ(stored->content, letter.content);  // every digit
    EXPECT_THAT(stored->errors, testing::HasSubstr("must be a string"));
}

TEST(DeadLetterLine, ReadsHostileRecordsBackToTheByte) {
    std::string every_byte;
    for (int c = 0; c < 256; ++c) every_byte += static_cast<char>(c);
    for (const std::string& content : {std::string{}, std::string{"\0", 1}, every_byte, every_byte + "=",
                                       every_byte + "==", std::string{"{\"_id\":"}}) {
        const auto stored = parse_letter(to_line(letter_with(content)));
        ASSERT_TRUE(stored) << stored.error().message;
        EXPECT_EQ(stored->content, content);
        EXPECT_EQ(stored->form, Form::Record);
        EXPECT_EQ(stored->id, "");
    }
}

TEST(DeadLetterLine, KeepsTheHistoryOfALetterThatWasReplayed) {
    record::Origin origin;
    origin.replay = std::make_shared<record::Replay>(
        record::Replay{.first_time = "2025-12-31T23:59:59.999Z", .replays = 2, .attempts = 5});
    record::DeadLetter letter = letter_with("x");
    letter.origin = std::make_shared<record::Origin>(std::move(origin));
    letter.attempts = 1;
    const auto stored = parse_letter(to_line(letter));
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->first_time, "2025-12-31T23:59:59.999Z");
    EXPECT_EQ(stored->replays, 2U);
    EXPECT_EQ(stored->attempts, 6U);
}

TEST(DeadLetterLine, IsNotFoundInWhatIsNone) {
    for (const char* text : {"", "x", "[]", "{}", R"({"stream":"s"})", R"({"stream":"s","form":"record"})",
                             R"({"stream":"s","form":"entity","content":"x"})",
                             R"({"stream":"s","form":"record","content_base64":"?"})",
                             R"({"stream":"s","form":"letter","content":"x"})",
                             R"({"stream":"s","form":"record","content":"cut o)"}) {
        const auto stored = parse_letter(text);
        ASSERT_FALSE(stored) << text;
        EXPECT_THAT(stored.error().message, testing::StartsWith("not a dead letter: "));
    }
}

TEST(DeadLetterLine, SurvivesHostileNames) {
    record::DeadLetter letter = letter_with("x");
    record::Origin origin;
    origin.source = "s\"";
    origin.name = "/tmp/new\nline\xFF";
    origin.is_file = true;
    letter.origin = std::make_shared<record::Origin>(std::move(origin));
    EXPECT_EQ(parsed(letter).at("file").as_string(), "/tmp/new\nline\xEF\xBF\xBD");
    letter.origin.reset();
    EXPECT_FALSE(parsed(letter).contains("source"));
}

}  // namespace
}  // namespace aep::store
