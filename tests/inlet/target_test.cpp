#include "inlet/target.hpp"

#include <gtest/gtest.h>

namespace aep::inlet {
namespace {

TEST(Target, IsPathAndDecodedQueries) {
    const Target target = parse_target("/inlet/entities?path=loyalty.id&value=a%20b+c%26&flag&id=");
    EXPECT_EQ(target.path, "/inlet/entities");
    EXPECT_EQ(target.query("path"), "loyalty.id");
    EXPECT_EQ(target.query("value"), "a b c&");
    EXPECT_EQ(target.query("flag"), "");
    EXPECT_EQ(target.query("id"), "");
    EXPECT_EQ(target.query("limit"), std::nullopt);
}

TEST(Target, KeepsAPercentThatIsNoEscape) {
    EXPECT_EQ(parse_target("/x?a=100%&b=%zz&c=%4").query("a"), "100%");
    EXPECT_EQ(parse_target("/x?a=100%&b=%zz&c=%4").query("b"), "%zz");
    EXPECT_EQ(parse_target("/x?a=100%&b=%zz&c=%4").query("c"), "%4");
}

TEST(CollectionPath, TellsSingleFromBatch) {
    const auto single = parse_collection_path("/collection/abc_-09");
    ASSERT_TRUE(single);
    EXPECT_EQ(single->inlet_id, "abc_-09");
    EXPECT_FALSE(single->batch);
    const auto batch = parse_collection_path("/collection/batch/abc");
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->inlet_id, "abc");
    EXPECT_TRUE(batch->batch);
}

TEST(CollectionPath, IsNothingElse) {
    for (const char* path :
         {"/", "", "/collection", "/collection/", "/collection/batch/", "/collection/a/b",
          "/collection/batch/a/b", "/collections/a", "/collection/a\"b", "/collection/a%20b"}) {
        EXPECT_FALSE(parse_collection_path(path)) << path;
    }
}

}  // namespace
}  // namespace aep::inlet
