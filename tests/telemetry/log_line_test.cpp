#include "telemetry/log_line.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

namespace aep::telemetry {
namespace {

using Level = LogOptions::Level;
using Format = LogOptions::Format;

LogEvent event_with(std::string value) {
    LogEvent event;
    event.level = Level::Warn;
    event.time = base::WallTime{std::chrono::milliseconds{1'769'860'800'123}};
    event.code = "inlet_unreachable";
    event.sentence = "cannot connect, trying again";
    event.fields = {{"destination", std::move(value)}, {"in", "500ms"}};
    return event;
}

std::string text_of(const std::string& value) {
    const std::string line = render(event_with(value), Format::Text);
    const std::size_t begin = line.find("destination=") + 12;
    return line.substr(begin, line.rfind(" in=") - begin);
}

std::string json_value_of(const std::string& value) {
    const std::string line = render(event_with(value), Format::Json);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    return std::string{boost::json::parse(line).as_object().at("destination").as_string()};
}

TEST(LogLine, IsOneSentenceWithFieldsForPeople) {
    EXPECT_EQ(render(event_with("inlet"), Format::Text),
              "2026-01-31T12:00:00.123Z warn inlet_unreachable: cannot connect, trying again "
              "destination=inlet in=500ms");
}

TEST(LogLine, IsOneObjectForMachines) {
    EXPECT_EQ(render(event_with("inlet"), Format::Json),
              R"({"time":"2026-01-31T12:00:00.123Z","level":"warn","code":"inlet_unreachable",)"
              R"("message":"cannot connect, trying again","destination":"inlet","in":"500ms"})");
}

TEST(LogLine, TellsHowOftenItWasRepeated) {
    LogEvent event = event_with("inlet");
    event.repeated = 7;
    EXPECT_TRUE(render(event, Format::Text).ends_with(" in=500ms repeated=7"));
    EXPECT_EQ(boost::json::parse(render(event, Format::Json)).at("repeated").to_number<int>(), 7);
}

TEST(LogLine, NamesEveryLevel) {
    LogEvent event = event_with("x");
    std::string names;
    for (const Level level : {Level::Debug, Level::Info, Level::Warn, Level::Error}) {
        event.level = level;
        names += boost::json::parse(render(event, Format::Json)).at("level").as_string();
        names += ' ';
    }
    EXPECT_EQ(names, "debug info warn error ");
}

TEST(LogLine, QuotesTextValuesThatCouldBeMisread) {
    EXPECT_EQ(text_of("a b"), "\"a b\"");
    EXPECT_EQ(text_of(""), "\"\"");
    EXPECT_EQ(text_of("a=b"), "\"a=b\"");
    EXPECT_EQ(text_of("say \"hi\""), R"("say \"hi\"")");
    EXPECT_EQ(text_of("C:\\dir"), R"("C:\\dir")");
    EXPECT_EQ(text_of("größe"), "größe");
}

TEST(LogLine, EscapesWhatATerminalWouldObey) {
    EXPECT_EQ(text_of("two\nlines"), R"("two\u000alines")");
    EXPECT_EQ(text_of("\x1b[31mred"), R"("\u001b[31mred")");
    EXPECT_EQ(text_of("\x7f"), R"("\u007f")");
    EXPECT_EQ(text_of("\xC2\x9B"
                      "31m"),
              R"("\u009b31m")");
    EXPECT_EQ(text_of("bad\xFF"), "\"bad\xEF\xBF\xBD\"");
}

TEST(LogLine, EscapesALineBreakInTheSentence) {
    LogEvent event = event_with("x");
    event.sentence = "first\nsecond";
    EXPECT_EQ(render(event, Format::Text).find('\n'), std::string::npos);
    EXPECT_EQ(boost::json::parse(render(event, Format::Json)).at("message").as_string(), "first\nsecond");
}

TEST(LogLine, KeepsEveryValidValueInJson) {
    std::string all_ascii;
    for (int c = 0; c < 128; ++c) all_ascii += static_cast<char>(c);
    EXPECT_EQ(json_value_of(all_ascii), all_ascii);
    EXPECT_EQ(json_value_of("\xC2\x9B größe \xF0\x9F\x98\x80"), "\xC2\x9B größe \xF0\x9F\x98\x80");
    EXPECT_EQ(json_value_of("\"},\"level\":\"error"), "\"},\"level\":\"error");
}

TEST(LogLine, ReplacesInvalidUtf8InJson) {
    EXPECT_EQ(json_value_of("a\xC3"), "a\xEF\xBF\xBD");
    EXPECT_EQ(json_value_of("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace aep::telemetry
