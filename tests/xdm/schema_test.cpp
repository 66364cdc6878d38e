#include "xdm/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xdm/json.hpp"
#include "xdm/validator.hpp"

namespace aep::xdm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

LoadedSchema load(std::string text) {
    const std::vector<SchemaText> texts{{"events.json", std::move(text)}};
    return load_schema(texts);
}

std::vector<std::string> lines(const std::vector<SchemaProblem>& problems) {
    std::vector<std::string> all;
    for (const SchemaProblem& problem : problems) all.push_back(problem.line());
    return all;
}

/// The keyword of the first violation; "" where the record is valid.
std::string first_fault(const LoadedSchema& loaded, std::string_view record) {
    JsonLimits limits;
    limits.refuse_duplicates = false;
    const auto document = JsonDocument::parse(record, limits);
    EXPECT_TRUE(document.has_value()) << record;
    Report report;
    Validator validator{loaded.schema, UnknownKeys::Allow};
    if (validator.validate(document->root(), report)) return "";
    return std::string{report.violations().front().keyword};
}

TEST(Schema, SaysWhereItIsMalformed) {
    EXPECT_THAT(
        lines(load(R"({"properties": {"x": {"type": "strng"}}})").errors),
        ElementsAre("events.json: /properties/x/type: unknown type \"strng\", did you mean 'string'?"));
    EXPECT_THAT(lines(load(R"({"items": [{"minimum": "5"}]})").errors),
                ElementsAre("events.json: /items/0/minimum: must be a number"));
    EXPECT_THAT(lines(load(R"({"pattern": "a("})").errors),
                ElementsAre(HasSubstr("events.json: /pattern: ")));
    EXPECT_THAT(lines(load("{\n  \"type\": }").errors), ElementsAre(HasSubstr("events.json: line 2")));
}

TEST(Schema, SaysWhichReferenceLeadsNowhere) {
    EXPECT_THAT(lines(load(R"({"properties": {"x": {"$ref": "#/definitions/adress"}},
                               "definitions": {"address": {}}})")
                          .errors),
                ElementsAre(HasSubstr("/properties/x/$ref: there is no 'adress'")));
    EXPECT_THAT(lines(load(R"({"items": {"$ref": "other.json"}})").errors),
                ElementsAre(HasSubstr("not among the schemas given")));
}

TEST(Schema, RefusesChecksWithoutEnd) {
    EXPECT_EQ(load(R"({"$ref": "#"})").errors.size(), 1U);
    EXPECT_EQ(load(R"({"allOf": [{"$ref": "#"}]})").errors.size(), 1U);
    EXPECT_THAT(load(R"({"properties": {"child": {"$ref": "#"}}})").errors, IsEmpty());
}

TEST(Schema, WarnsOfWhatItDoesNotCheck) {
    const LoadedSchema loaded = load(R"json({"pattern": "^(?!x)", "maxLenght": 3})json");
    ASSERT_TRUE(loaded.schema);
    EXPECT_EQ(loaded.warnings.size(), 2U);
    EXPECT_EQ(first_fault(loaded, R"("xxxx")"), "");
}

TEST(Schema, RefersToOtherFilesById) {
    const std::vector<SchemaText> texts{
        {"main.json", R"({"$id": "https://x/main", "items": {"$ref": "https://x/item#/definitions/n"}})"},
        {"item.json", R"({"$id": "https://x/item", "definitions": {"n": {"type": "integer"}}})"}};
    const LoadedSchema loaded = load_schema(texts);
    EXPECT_THAT(lines(loaded.errors), IsEmpty());
    EXPECT_EQ(first_fault(loaded, "[1, 2.0]"), "");
    EXPECT_EQ(first_fault(loaded, "[1, 2.5]"), "type");
}

TEST(Schema, MakesAPrimaryIdentityRequired) {
    const LoadedSchema loaded = load(R"({"properties": {"mail": {"type": "string"}},
        "meta:descriptors": [{"@type": "xdm:descriptorIdentity", "xdm:sourceProperty": "/mail",
                              "xdm:isPrimary": true}]})");
    EXPECT_EQ(loaded.schema->primary_identity(), "/mail");
    EXPECT_EQ(first_fault(loaded, "{}"), "required");
}

TEST(Schema, RefusesADescriptorOfAFieldThatItDoesNotHave) {
    const auto errors = [](const std::string& source) {
        return lines(load(R"({"properties": {"mail": {"type": "string"}, "age": {"type": "integer"}},
            "meta:descriptors": [{"@type": "xdm:descriptorLabel"}, {"@type": "xdm:descriptorIdentity",
                                 "xdm:isPrimary": true, "xdm:sourceProperty": ")" +
                          source + "\"}]}")
                         .errors);
    };
    const std::string place = "events.json: /meta:descriptors/1/xdm:sourceProperty: ";
    EXPECT_THAT(errors("/mial"),
                ElementsAre(place + "names no field that can be the primary identity: there is "
                                    "no 'mial' at the top level, did you mean '/mail'?"));
    EXPECT_THAT(errors("/age"), ElementsAre(HasSubstr("'/age' can be no string")));
    EXPECT_THAT(errors(""), ElementsAre(place + "must name a field: /person/email"));
}

/// Descriptors of older registries have dots; whoever asks gets a pointer.
TEST(Schema, GivesThePrimaryIdentityAsAPointer) {
    const LoadedSchema loaded =
        load(R"({"properties": {"person": {"properties": {"mail": {"type": "string"}}}},
        "meta:descriptors": [{"@type": "xdm:descriptorIdentity", "xdm:sourceProperty": "person.mail",
                              "xdm:isPrimary": true}]})");
    EXPECT_THAT(lines(loaded.errors), IsEmpty());
    EXPECT_EQ(loaded.schema->primary_identity(), "/person/mail");
}

TEST(Validator, ComparesNumbersThatNoMachineTypeHolds) {
    const LoadedSchema loaded = load(R"({"type": "integer", "maximum": 1e400, "multipleOf": 3})");
    EXPECT_EQ(first_fault(loaded, "333333333333333333333333333333333"), "");
    EXPECT_EQ(first_fault(loaded, "333333333333333333333333333333334"), "multipleOf");
    EXPECT_EQ(first_fault(loaded, "3e401"), "maximum");
}

TEST(Validator, ChecksEachOfDuplicateKeys) {
    const LoadedSchema loaded = load(R"({"properties": {"a": {"type": "string"}}, "maxProperties": 2})");
    EXPECT_EQ(first_fault(loaded, R"({"a": "x", "a": 1})"), "type");
    EXPECT_EQ(first_fault(loaded, R"({"a": "x", "a": "y", "a": "z"})"), "maxProperties");
}

TEST(Validator, AsksForMoreRequiredKeysThanAWordHasBits) {
    std::string names;
    std::string members;
    for (int i = 0; i < 150; ++i) {
        names += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\"";
        if (i != 149) members += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":0";
    }
    const LoadedSchema loaded = load("{\"required\": [" + names + "]}");
    EXPECT_EQ(first_fault(loaded, "{" + members + "}"), "required");
    EXPECT_EQ(first_fault(loaded, "{" + members + ",\"k149\":0}"), "");
}

TEST(Validator, BoundsTheEffortOfAlternatives) {
    const LoadedSchema loaded = load(R"({"anyOf": [{"items": {"$ref": "#"}, "minItems": 1},
                                                   {"items": {"$ref": "#"}, "minItems": 1}]})");
    EXPECT_EQ(first_fault(loaded, std::string(100, '[') + std::string(100, ']')), "effort");
}

}  // namespace
}  // namespace aep::xdm
