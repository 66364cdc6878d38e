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

TextChange remove(std::string pointer) {
    return {std::move(pointer), TextChange::What::Remove, ""};
}

TextChange put(std::string pointer, std::string json) {
    return {std::move(pointer), TextChange::What::Replace, std::move(json)};
}

TEST(TextRewrite, QuotesNumbersAsTheyAreWritten) {
    EXPECT_EQ(rewritten(R"({"a": 1.10 ,"b":[-0.0]})",
                        {{"/a", TextChange::What::Quote, ""}, {"/b/0", TextChange::What::Quote, ""}}),
              R"({"a":"1.10","b":["-0.0"]})");
}

TEST(TextRewrite, ReplacesAndRemovesAndKeepsTheRest) {
    EXPECT_EQ(rewritten(R"({"a": 12345678901234567.250, "b":"x", "c":{"d":1,"e":[1,2, {"f":null}]}})",
                        {put("/b", "7"), remove("/c/d"), remove("/c/e/2/f")}),
              R"({"a":12345678901234567.250,"b":7,"c":{"e":[1,2,{}]}})");
}

TEST(TextRewrite, KeepsNumbersThatNoMachineTypeHolds) {
    const std::string number = "123456789012345678901234567890.12345678901234567890e400";
    EXPECT_EQ(rewritten(R"({"n":)" + number + R"(,"x":1})", {remove("/x")}), R"({"n":)" + number + "}");
}

TEST(TextRewrite, FindsEscapedKeysAndEscapesThemAgain) {
    EXPECT_EQ(rewritten(R"({"a\/b~\u0022":1,"keep\n":2,"\u0061":3})", {put("/a~1b~0\"", "9"), remove("/a")}),
              R"({"a/b~\"":9,"keep\u000a":2})");
}

TEST(TextRewrite, RemovesFirstMiddleAndLastItems) {
    EXPECT_EQ(rewritten(R"({"a":[1,2,3,4]})", {remove("/a/0"), remove("/a/3")}), R"({"a":[2,3]})");
    EXPECT_EQ(rewritten(R"({"a":1})", {remove("/a")}), "{}");
}

TEST(TextRewrite, ChangesEachOfTwoEqualKeysAndPassesOverMissingOnes) {
    EXPECT_EQ(rewritten(R"({"a":1,"b":2,"a":3})", {put("/a", "0"), put("/x/y", "1"), put("/b/c", "1")}),
              R"({"a":0,"b":2,"a":0})");
}

TEST(TextRewrite, OuterChangesWin) {
    EXPECT_EQ(rewritten(R"({"a":{"b":1}})", {put("/a/b", "2"), put("/a", "3")}), R"({"a":3})");
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
