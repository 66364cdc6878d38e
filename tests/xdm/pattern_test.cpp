#include "xdm/pattern.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

namespace aep::xdm {
namespace {

using Outcome = Translation::Outcome;
using testing::HasSubstr;

bool finds(std::string_view pattern, std::string_view text) {
    const Pattern compiled{pattern};
    EXPECT_EQ(compiled.outcome(), Outcome::Done) << pattern << ": " << compiled.reason();
    return compiled.outcome() == Outcome::Done && compiled.found_in(text);
}

TEST(Pattern, MeansWhatEcmaScriptMeans) {
    EXPECT_TRUE(finds("a", "bab")) << "not anchored";
    EXPECT_FALSE(finds("^a$", "a\n"));
    EXPECT_TRUE(finds(R"(^\s$)", "\xef\xbb\xbf")) << "U+FEFF is white space";
    EXPECT_FALSE(finds(R"(^\w$)", "\xc3\xa9"));
    EXPECT_FALSE(finds(R"(^\d$)", "\xef\xbc\x91"));
    EXPECT_TRUE(finds("^.$", "\xf0\x9f\x98\x80")) << "a character beyond the basic plane is one";
    EXPECT_FALSE(finds("^.$", "\xe2\x80\xa8")) << "U+2028 ends a line";
    EXPECT_TRUE(finds(R"(^[^]$)", "\n"));
    EXPECT_FALSE(finds("[]", "a"));
    EXPECT_TRUE(finds(R"(^\uD83D\uDE00\x41\cJ$)",
                      "\xf0\x9f\x98\x80"
                      "A\n"));
    EXPECT_TRUE(finds("^[[:alpha:]+$", "[:alph"));
    EXPECT_TRUE(finds(R"(^[\w-.]+$)", "a-b.c"));
    EXPECT_TRUE(finds("^a{,3}$", "a{,3}"));
    EXPECT_TRUE(finds(R"(^\p{Letter}+$)", "\xc3\xa9t\xc3\xa9"));
}

TEST(Pattern, TellsWhatCannotBeRunFromWhatIsNoPattern) {
    for (const std::string_view unsupported :
         {"(?=a)", "(?!a)", "(?<=a)", R"((a)\1)", R"((?<n>a)\k<n>)", "a{1001}", "a{0,5000}", R"(\uD800)"}) {
        EXPECT_EQ(Pattern{unsupported}.outcome(), Outcome::Unsupported) << unsupported;
    }
    for (const std::string_view malformed :
         {"(", "a)", "[a", "*a", "a**", "[z-a]", "\\", "a{2,1}", "a{5000,2}", R"(\u{110000})"}) {
        EXPECT_EQ(Pattern{malformed}.outcome(), Outcome::Malformed) << malformed;
    }
    EXPECT_THAT(Pattern{"x{2,1}"}.reason(), HasSubstr("{2,1} are in the wrong order"));
}

}  // namespace
}  // namespace aep::xdm
