#include "xdm/validator.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "xdm/json.hpp"
#include "xdm/schema.hpp"

namespace aep::xdm {
namespace {

std::shared_ptr<const Schema> schema_of(std::string text) {
    const std::vector<SchemaText> texts{{"schema.json", std::move(text)}};
    const LoadedSchema loaded = load_schema(texts);
    for (const SchemaProblem& problem : loaded.errors) ADD_FAILURE() << problem.line();
    return loaded.schema;
}

/// What is wrong with a record, one line each.
std::vector<std::string> faults(const std::shared_ptr<const Schema>& schema, std::string_view record,
                                UnknownKeys unknown_keys = UnknownKeys::Reject) {
    simdjson::dom::parser parser;
    const simdjson::padded_string padded{record};
    simdjson::dom::element value;
    EXPECT_EQ(parser.parse(padded).get(value), simdjson::SUCCESS) << record;
    Validator validator{schema, unknown_keys};
    Report report;
    const bool is_valid = validator.validate(value, report);
    EXPECT_EQ(is_valid, report.empty());
    std::vector<std::string> lines;
    for (const Violation& violation : report.violations()) lines.push_back(violation.line());
    return lines;
}

using Lines = std::vector<std::string>;

TEST(Validator, TellsADataEngineerWhatIsWrongAndWhere) {
    const auto schema = schema_of(R"({"type": "object", "properties": {"commerce": {"type": "object",
        "properties": {"order": {"type": "object", "properties": {"priceTotal": {"type": "number"}}}}}}})");
    EXPECT_EQ(faults(schema, R"({"commerce": {"order": {"priceTotal": 12.5}}})"), Lines{});
    EXPECT_EQ(faults(schema, R"({"commerce": {"order": {"priceTotal": "12,50"}}})"),
              Lines{R"(/commerce/order/priceTotal: expected number, found string "12,50")"});
}

TEST(Validator, ClosesObjectsAsTheRegistryDoes) {
    const auto schema = schema_of(R"({"properties": {"a": {"type": "object"},
                                                     "b": {"properties": {"c": {}}},
                                                     "d": {"properties": {}, "additionalProperties": true}}})");
    const std::string_view record = R"({"a": {"free": 1}, "b": {"x": 1}, "d": {"y": 1}, "z": 1})";
    EXPECT_EQ(faults(schema, record), (Lines{"the record: unknown field \"z\"", "/b: unknown field \"x\""}));
    EXPECT_EQ(faults(schema, record, UnknownKeys::Allow), Lines{});
}

TEST(Validator, AdmitsTheKeysOfAllPartsOfAnAllOf) {
    const auto schema = schema_of(R"({"allOf": [{"$ref": "#/definitions/a"}, {"properties": {"b": {}}}],
                                      "properties": {"c": {}},
                                      "definitions": {"a": {"properties": {"a": {"type": "string"}}}}})");
    EXPECT_EQ(faults(schema, R"({"a": "", "b": 1, "c": 1})"), Lines{});
    EXPECT_EQ(faults(schema, R"({"a": 1, "d": 1})"),
              (Lines{"the record: unknown field \"d\"", "/a: expected string, found number 1"}));
}

TEST(Validator, RequiresThePathOfAnIdentity) {
    const auto schema = schema_of(
        R"({"properties": {"person": {"type": "object", "properties": {"email": {"type": "string"}}}},
            "meta:descriptors": [{"@type": "xdm:descriptorIdentity", "xdm:sourceProperty": "/person/email",
                                  "xdm:isPrimary": true}]})");
    EXPECT_EQ(faults(schema, R"({"person": {"email": "x"}})"), Lines{});
    EXPECT_EQ(faults(schema, R"({"person": {}})"), Lines{"/person: the required field \"email\" is missing"});
    EXPECT_EQ(faults(schema, "{}"), Lines{"the record: the required field \"person\" is missing"});
}

/// More than one word has bits for.
TEST(Validator, RequiresAnyNumberOfFields) {
    std::string names;
    std::string record;
    constexpr int kCount = 200;
    for (int i = 0; i < kCount; ++i) {
        names += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + "\"";
        record += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + "\":1";
    }
    const auto schema = schema_of(R"({"properties": {"f7": {}}, "required": [)" + names + "]}");
    EXPECT_EQ(faults(schema, "{" + record + "}", UnknownKeys::Allow), Lines{});
    for (int i = 0; i < kCount; ++i) {
        const std::string key = "\"f" + std::to_string(i) + "\"";
        std::string without = record;
        without.replace(without.find(key + ":"), key.size(), "\"x\"");
        EXPECT_EQ(faults(schema, "{" + without + "}", UnknownKeys::Allow),
                  Lines{"the record: the required field " + key + " is missing"});
    }
}

TEST(Validator, ReportsBothLengthsOfAStringThatIsTooShortAndTooLong) {
    const auto schema = schema_of(R"({"minLength": 9, "maxLength": 3})");
    EXPECT_EQ(faults(schema, R"("fünf!")"),
              (Lines{"the record: expected at most 3 characters, found 5: \"fünf!\"",
                     "the record: expected at least 9 characters, found 5: "
                     "\"fünf!\""}));
}

TEST(Validator, CountsWhatIsNotStripped) {
    const auto schema =
        schema_of(R"({"properties": {"a": {}, "b": {}, "c": {}}, "minProperties": 2, "maxProperties": 2})");
    EXPECT_EQ(faults(schema, R"({"a": 1, "x": 1, "b": 1})", UnknownKeys::Strip), Lines{});
    EXPECT_EQ(faults(schema, R"({"a": 1, "x": 1})", UnknownKeys::Strip),
              Lines{"the record: expected at least 2 fields, found 1"});
    EXPECT_EQ(faults(schema, R"({"a": 1, "b": 1, "x": 1})", UnknownKeys::Allow),
              Lines{"the record: expected at most 2 fields, found 3"});
}

TEST(Validator, BoundsNesting) {
    const auto schema = schema_of(R"({"properties": {"a": {"$ref": "#"}}})");
    const auto nested = [](std::size_t depth) {
        std::string text;
        for (std::size_t i = 1; i < depth; ++i) text += R"({"a":)";
        return text + "{}" + std::string(depth - 1, '}');
    };
    EXPECT_EQ(faults(schema, nested(Validator::kMostNested)), Lines{});
    EXPECT_EQ(faults(schema, nested(Validator::kMostNested + 1)),
              Lines{"the record: is nested too deeply to be checked"});
}

TEST(Validator, SaysWhichKeysToStrip) {
    const auto schema = schema_of(R"({"properties": {"a": {"properties": {"b": {"type": "string"}}}}})");
    simdjson::dom::parser parser;
    const simdjson::padded_string text{std::string_view{R"({"x": 1, "a": {"b": "", "y": {}, "y": 2}})"}};
    const simdjson::dom::element value = parser.parse(text).value();
    Validator validator{schema, UnknownKeys::Strip};
    Report report;
    EXPECT_TRUE(validator.validate(value, report));
    const auto keys = validator.keys_to_strip();
    EXPECT_EQ(Lines(keys.begin(), keys.end()), (Lines{"x", "y", "y"}));
}

}  // namespace
}  // namespace aep::xdm
