#include "base/pretty_json.hpp"

#include <gtest/gtest.h>

namespace aep::base {
namespace {

TEST(PrettyJson, IndentsObjectsAndArrays) {
    PrettyJson json;
    json.begin_object().key("a").raw("1").key("b\"").begin_array().string("x").string("y").end();
    json.key("c").begin_object().end().key("d").begin_array().end().end();
    EXPECT_EQ(json.take(),
              "{\n  \"a\": 1,\n  \"b\\\"\": [\n    \"x\",\n    \"y\"\n  ],\n  \"c\": {},\n  \"d\": []\n}\n");
}

TEST(PrettyJson, WritesASingleValue) {
    PrettyJson json;
    EXPECT_EQ(json.raw("true").take(), "true\n");
}

}  // namespace
}  // namespace aep::base
