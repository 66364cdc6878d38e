#include "xdm/text_rewrite.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

#include "xdm/json_pointer.hpp"

namespace aep::xdm {
namespace {

std::string rewritten(std::string text, const std::vector<TextChange>& changes) {
    const std::size_t size = text.size();
    text.append(simdjson::SIMDJSON_PADDING, ' ');
    TextRewrite rewrite;
    return std::string{rewrite.apply({text.data(), size}, changes)};
}

TEST(TextRewrite, ReplacesAndRemovesAndKeepsTheRest) {
    EXPECT_EQ(rewritten(R"({"a": 12345678901234567.250, "b":"x", "c":{"d":1,"e":[1,2, {"f":null}]}})",
                        {{"/b", "7"}, {"/c/d", ""}, {"/c/e/2/f", ""}}),
              R"({"a":12345678901234567.250,"b":7,"c":{"e":[1,2,{}]}})");
}

TEST(TextRewrite, KeepsNumbersThatNoMachineTypeHolds) {
    const std::string number = "123456789012345678901234567890.12345678901234567890e400";
    EXPECT_EQ(rewritten(R"({"n":)" + number + R"(,"x":1})", {{"/x", ""}}), R"({"n":)" + number + "}");
}

TEST(TextRewrite, FindsEscapedKeysAndEscapesThemAgain) {
    EXPECT_EQ(rewritten(R"({"a\/b~\u0022":1,"keep\n":2,"\u0061":3})", {{"/a~1b~0\"", "9"}, {"/a", ""}}),
              R"({"a/b~\"":9,"keep\u000a":2})");
}

TEST(TextRewrite, RemovesFirstMiddleAndLastItems) {
    EXPECT_EQ(rewritten(R"({"a":[1,2,3,4]})", {{"/a/0", ""}, {"/a/3", ""}}), R"({"a":[2,3]})");
    EXPECT_EQ(rewritten(R"({"a":1})", {{"/a", ""}}), "{}");
}

TEST(TextRewrite, ChangesEachOfTwoEqualKeysAndPassesOverMissingOnes) {
    EXPECT_EQ(rewritten(R"({"a":1,"b":2,"a":3})", {{"/a", "0"}, {"/x/y", "1"}, {"/b/c", "1"}}),
              R"({"a":0,"b":2,"a":0})");
}

TEST(TextRewrite, OuterChangesWin) {
    EXPECT_EQ(rewritten(R"({"a":{"b":1}})", {{"/a/b", "2"}, {"/a", "3"}}), R"({"a":3})");
}

TEST(JsonPointer, SplitsAndJoins) {
    EXPECT_EQ(pointer_steps(""), std::vector<std::string>{});
    EXPECT_EQ(pointer_steps("/a~1b//~01"), (std::vector<std::string>{"a/b", "", "~1"}));
    std::string pointer;
    for (const std::string& token : pointer_steps("/a~1b//~01")) append_pointer_step(pointer, token);
    EXPECT_EQ(pointer, "/a~1b//~01");
}

}  // namespace
}  // namespace aep::xdm
