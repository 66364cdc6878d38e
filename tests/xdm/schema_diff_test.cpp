#include "xdm/schema_diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aep::xdm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// "path keyword[ key]: effect" of each change.
std::vector<std::string> changes(const std::string& before, const std::string& after) {
    const auto old_schema = JsonDocument::parse(before);
    const auto new_schema = JsonDocument::parse(after);
    EXPECT_TRUE(old_schema && new_schema) << before << after;
    std::vector<std::string> lines;
    for (const SchemaChange& change : compare_schemas(old_schema->root(), new_schema->root())) {
        lines.push_back(change.path + " " + change.keyword + (change.key.empty() ? "" : " " + change.key) +
                        ": " + std::string{name_of(change.effect)});
    }
    return lines;
}

/// The one change between two schemas of one property.
std::string effect(const std::string& before, const std::string& after) {
    const auto all =
        changes(R"({"properties":{"a":)" + before + "}}", R"({"properties":{"a":)" + after + "}}");
    EXPECT_EQ(all.size(), 1U) << testing::PrintToString(all);
    return all.empty() ? "" : all.front();
}

TEST(SchemaDiff, OfEqualSchemasIsEmpty) {
    EXPECT_THAT(
        changes(R"({"type":"object","required":["a","b"]})", R"({"required":["b","a"],"type":"object"})"),
        IsEmpty());
    EXPECT_THAT(changes(R"({"title":"a","enum":[1,2]})", R"({"title":"b","enum":[2,1]})"), IsEmpty());
    EXPECT_THAT(changes(R"({"maximum":1})", R"({"maximum":1.0})"), IsEmpty());
}

TEST(SchemaDiff, TellsStricterFromLooser) {
    EXPECT_EQ(effect(R"({"type":"integer"})", R"({"type":"number"})"), "/a type: looser");
    EXPECT_EQ(effect(R"({"type":"number"})", R"({"type":"integer"})"), "/a type: stricter");
    EXPECT_EQ(effect(R"({"type":"string"})", R"({"type":["string","null"]})"), "/a type: looser");
    EXPECT_EQ(effect(R"({"type":"string"})", R"({"type":"number"})"), "/a type: different");
    EXPECT_EQ(effect("{}", R"({"type":"string"})"), "/a type: stricter");
    EXPECT_EQ(effect(R"({"maximum":5})", R"({"maximum":7})"), "/a maximum: looser");
    EXPECT_EQ(effect(R"({"minLength":5})", R"({"minLength":7})"), "/a minLength: stricter");
    EXPECT_EQ(effect(R"({"maxItems":5})", "{}"), "/a maxItems: looser");
    EXPECT_EQ(effect("{}", R"({"minimum":5})"), "/a minimum: stricter");
    EXPECT_EQ(effect(R"({"enum":["x"]})", R"({"enum":["x","y"]})"), "/a enum: looser");
    EXPECT_EQ(effect(R"({"enum":["x","y"]})", R"({"enum":["x"]})"), "/a enum: stricter");
    EXPECT_EQ(effect(R"({"enum":["x"]})", R"({"enum":["y"]})"), "/a enum: different");
    EXPECT_EQ(effect(R"({"pattern":"x"})", R"({"pattern":"y"})"), "/a pattern: different");
    EXPECT_EQ(effect("{}", R"({"format":"email"})"), "/a format: stricter");
    EXPECT_EQ(effect(R"({"meta:enum":{"x":"X"}})", "{}"), "/a meta:enum: compatible");
    EXPECT_EQ(effect("true", "false"), "/a schema: stricter");
    EXPECT_EQ(effect(R"({"type":"string"})", "true"), "/a schema: looser");
}

TEST(SchemaDiff, LooksIntoPropertiesItemsAndMaps) {
    EXPECT_THAT(changes(R"({"properties":{"a":{"items":{"properties":{"p/q":{"maximum":5}}}}}})",
                        R"({"properties":{"a":{"items":{"properties":{"p/q":{"maximum":4}}}}}})"),
                ElementsAre("/a/*/p~1q maximum: stricter"));
    EXPECT_THAT(changes(R"({"additionalProperties":{"type":"number"}})",
                        R"({"additionalProperties":{"type":"string"}})"),
                ElementsAre("/* type: different"));
    EXPECT_THAT(changes(R"({"allOf":[{"type":"object"},{"minProperties":1}]})",
                        R"({"allOf":[{"type":"object"},{"minProperties":2}]})"),
                ElementsAre(" minProperties: stricter"));
    EXPECT_THAT(
        changes(R"({"definitions":{"x":{"type":"string"}}})", R"({"definitions":{"x":{"type":"number"}}})"),
        ElementsAre("/definitions/x# type: different"));
}

TEST(SchemaDiff, KnowsThatObjectsAreClosed) {
    EXPECT_THAT(changes(R"({"properties":{"a":{}}})", R"({"properties":{"a":{},"b":{}}})"),
                ElementsAre(" properties b: looser"));
    EXPECT_THAT(changes(R"({"properties":{"a":{},"b":{}}})", R"({"properties":{"a":{}}})"),
                ElementsAre(" properties b: stricter"));
    EXPECT_THAT(changes(R"({"properties":{"a":{},"b":{}},"additionalProperties":true})",
                        R"({"properties":{"a":{}},"additionalProperties":true})"),
                ElementsAre(" properties b: looser"));
    EXPECT_THAT(
        changes(R"({"properties":{"a":{}}})", R"({"properties":{"a":{}},"additionalProperties":true})"),
        ElementsAre(" additionalProperties: looser"));
    EXPECT_THAT(changes(R"({"properties":{"a":{}}})", R"({"properties":{"a":{}},"required":["a"]})"),
                ElementsAre(" required a: stricter"));
    EXPECT_THAT(changes(R"({"required":["a"]})", "{}"), ElementsAre(" required a: looser"));
}

TEST(SchemaDiff, KnowsWhatOpensAnObject) {
    EXPECT_EQ(
        effect(R"({"properties":{"x":{}}})", R"({"properties":{"x":{}},"patternProperties":{"^y":{}}})"),
        "/a patternProperties: different");
    EXPECT_EQ(effect(R"({"properties":{"x":{}},"anyOf":[{}]})", R"({"properties":{"x":{}}})"),
              "/a anyOf: different");
    EXPECT_EQ(effect(R"({"type":"object"})", R"({"type":"object","properties":{}})"),
              "/a properties: stricter");
    EXPECT_EQ(effect(R"({"properties":{}})", "{}"), "/a properties: looser");
    EXPECT_EQ(effect(R"({"additionalProperties":{"type":"string"}})",
                     R"({"properties":{"x":{}},"additionalProperties":{"type":"string"}})"),
              "/a properties x: different");
    EXPECT_EQ(
        effect(
            R"({"properties":{"x":{}},"patternProperties":{"^x":{"type":"string"}},"additionalProperties":false})",
            R"({"properties":{},"patternProperties":{"^x":{"type":"string"}},"additionalProperties":false})"),
        "/a properties x: different");
    EXPECT_THAT(changes("{}", R"({"additionalProperties":true})"), IsEmpty());
    EXPECT_THAT(changes(R"({"items":{}})", "{}"), IsEmpty());
}

TEST(SchemaDiff, KnowsWhatTypesOfXdmCanStore) {
    EXPECT_EQ(
        effect(R"({"type":"integer","meta:xdmType":"int"})", R"({"type":"integer","meta:xdmType":"long"})"),
        "/a meta:xdmType: looser");
    EXPECT_EQ(
        effect(R"({"type":"integer","meta:xdmType":"int"})", R"({"type":"integer","meta:xdmType":"byte"})"),
        "/a meta:xdmType: stricter");
    EXPECT_EQ(effect(R"({"type":"integer"})", R"({"type":"integer","meta:xdmType":"short"})"),
              "/a meta:xdmType: stricter");
    EXPECT_EQ(effect(R"({"type":"string"})", R"({"type":"string","meta:xdmType":"string"})"),
              "/a meta:xdmType: compatible");
}

TEST(SchemaDiff, SeesEachWordThatIsChecked) {
    EXPECT_EQ(effect(R"({"items":[{}]})", R"({"items":[{}],"additionalItems":false})"),
              "/a additionalItems: stricter");
    EXPECT_EQ(effect(R"({"uniqueItems":true})", R"({"uniqueItems":false})"), "/a uniqueItems: looser");
    EXPECT_THAT(changes("{}", R"({"uniqueItems":false})"), IsEmpty());
    const auto with_identity = [](const std::string& path) {
        return R"({"meta:descriptors":[{"@type":"xdm:descriptorIdentity","xdm:isPrimary":true,)"
               R"("xdm:sourceProperty":")" +
               path + "\"}]}";
    };
    EXPECT_THAT(changes("{}", with_identity("/mail")), ElementsAre(" meta:descriptors /mail: stricter"));
    EXPECT_THAT(changes(with_identity("/mail"), with_identity("/crm")),
                ElementsAre(" meta:descriptors /crm: stricter", " meta:descriptors /mail: looser"));
}

TEST(SchemaDiff, WritesALineForEachChange) {
    const auto before = JsonDocument::parse(R"({"properties":{"a":{"maximum":5.5}}})");
    const auto after = JsonDocument::parse(R"({"properties":{"a":{"maximum":7}}})");
    EXPECT_EQ(compare_schemas(before->root(), after->root()).front().line(),
              R"({"path":"/a","keyword":"maximum","before":5.5,"after":7,"effect":"looser"})");
}

}  // namespace
}  // namespace aep::xdm
