#include "xdm/json.hpp"

#include <gtest/gtest.h>

#include <string>

namespace aep::xdm {
namespace {

TEST(Json, ReadsNumbersOfAnySizeWhereverTheyStand) {
    for (const char* number : {"1e999", "-1e999", "123456789012345678901234567890", "5", "1.50"}) {
        for (const std::string& text :
             {std::string{number}, " \n" + std::string{number} + "\t ", "[" + std::string{number} + "]"}) {
            EXPECT_TRUE(JsonDocument::parse(text)) << text;
        }
        for (const char* behind : {" 1", "x", ",", " {}", "]"}) {
            EXPECT_FALSE(JsonDocument::parse(number + std::string{behind})) << number << behind;
        }
    }
    EXPECT_EQ(JsonDocument::parse(" 1e999 ")->root().text(), "1e999");
}

TEST(Json, ReadsADocumentThatIsOneWordWithAnyBlanksAroundIt) {
    for (const char* word : {"null", "true", "false", R"("a")", "12"}) {
        for (const char* behind : {"", "\n", "  ", "\r\n", "                "}) {
            EXPECT_TRUE(JsonDocument::parse(word + std::string{behind})) << word << "'" << behind << "'";
            EXPECT_TRUE(JsonDocument::parse(" [" + std::string{word} + behind + "]")) << word;
        }
        for (const char* behind : {"a", "a ", "  a", "\n1", "                1", ":", "]", R"("")"}) {
            EXPECT_FALSE(JsonDocument::parse(word + std::string{behind})) << word << behind;
            EXPECT_FALSE(JsonDocument::parse("[" + std::string{word} + behind + "]")) << word << behind;
        }
    }
    for (const char* text : {"nul", "nulL", "tru", "truee", "fals", "falsee", "falsee ", "nulla", "nulla "}) {
        EXPECT_FALSE(JsonDocument::parse(text)) << text;
        EXPECT_FALSE(JsonDocument::parse("[" + std::string{text} + "]")) << text;
    }
}

}  // namespace
}  // namespace aep::xdm
