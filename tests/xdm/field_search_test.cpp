#include "xdm/field_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "corpus.hpp"
#include "xdm/json.hpp"
#include "xdm/json_pointer.hpp"
#include "xdm/schema.hpp"

namespace aep::xdm {
namespace {

constexpr const char* kProfile = R"({"type": "object", "properties": {
    "person": {"type": "object", "properties": {
        "email": {"type": "string"}, "age": {"type": "integer"},
        "alias": {"type": ["string", "null"]}, "never": false}},
    "personalEmail": {"$ref": "#/definitions/address"},
    "open": {"type": "object"},
    "codes": {"type": "object", "additionalProperties": {"type": "string"}},
    "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
    "shut": {"type": "object", "properties": {"in": {"type": "string"}}, "additionalProperties": false},
    "tagged": {"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": false},
    "list": {"type": "array", "items": {"type": "object"}}},
  "definitions": {"address": {"allOf": [
    {"type": "object", "properties": {"address": {"type": "string"}}},
    {"properties": {"label": {"type": "string"}}}]}}})";

/// "" where there can be such a field.
std::string why_not(const std::string& schema, std::string_view pointer,
                    UnknownKeys unknown_keys = UnknownKeys::Reject) {
    const std::vector<SchemaText> texts{{"schema.json", schema}};
    const LoadedSchema loaded = load_schema(texts);
    EXPECT_TRUE(loaded.schema) << schema;
    if (!loaded.schema) return "no schema";
    return loaded.schema->refuses_identity(pointer, unknown_keys).value_or("");
}

TEST(FieldSearch, FindsWhatTheSchemaListsOrLeavesOpen) {
    for (const char* there :
         {"/person/email", "/person/alias", "/personalEmail/address", "/personalEmail/label",
          "/open/any/thing", "/codes/crm", "/shut/in", "/tagged/x-1"}) {
        EXPECT_EQ(why_not(kProfile, there), "") << there;
    }
}

TEST(FieldSearch, SaysWhatIsMissingAndWhatWasMeant) {
    EXPECT_EQ(why_not(kProfile, "/person/emial"),
              "there is no 'emial' in '/person', did you mean '/person/email'?");
    EXPECT_EQ(why_not(kProfile, "/persn/email"),
              "there is no 'persn' at the top level, did you mean '/person/email'?");
    EXPECT_EQ(why_not(kProfile, "/personalEmail/adress"),
              "there is no 'adress' in '/personalEmail', did you mean '/personalEmail/address'?");
    EXPECT_EQ(why_not(kProfile, "/home/address"),
              "there is no 'home' at the top level, did you mean '/personalEmail/address'?");
    EXPECT_EQ(why_not(kProfile, "/zzz"), "there is no 'zzz' at the top level");
    EXPECT_EQ(why_not(kProfile, "/person/never"), "there is no 'never' in '/person'");
    EXPECT_EQ(why_not(kProfile, "/tagged/y"), "there is no 'y' in '/tagged'");
}

TEST(FieldSearch, SaysWhichFieldCannotHoldAnIdentity) {
    EXPECT_EQ(why_not(kProfile, "/person/age"), "'/person/age' can be no string");
    EXPECT_EQ(why_not(kProfile, "/counts/crm"), "'/counts/crm' can be no string");
    EXPECT_EQ(why_not(kProfile, "/person"), "'/person' can be no string");
    EXPECT_EQ(why_not(kProfile, "/person/email/x"),
              "'/person/email' is not an object, which could have fields");
    EXPECT_EQ(why_not(kProfile, "/list/0/id"), "'/list' is not an object, which could have fields");
    EXPECT_THAT(why_not(kProfile, kInIdentityMap), testing::StartsWith("it has no identityMap"));
    EXPECT_EQ(why_not(R"({"properties": {"identityMap": {"type": "object"}}})", kInIdentityMap), "");
}

/// Only the registry closes objects that say nothing themselves.
TEST(FieldSearch, TakesUnknownKeysWhereTheyAreAllowed) {
    EXPECT_EQ(why_not(kProfile, "/person/emial", UnknownKeys::Allow), "");
    EXPECT_EQ(why_not(kProfile, "/zzz", UnknownKeys::Allow), "");
    EXPECT_NE(why_not(kProfile, "/person/emial", UnknownKeys::Strip), "");
    EXPECT_NE(why_not(kProfile, "/shut/out", UnknownKeys::Allow), "");
    EXPECT_NE(why_not(kProfile, "/person/age", UnknownKeys::Allow), "");
}

TEST(FieldSearch, RefusesOnlyWhatNoAlternativeTakes) {
    const std::string schema = R"({"oneOf": [
        {"properties": {"a": {"type": "string"}}, "additionalProperties": false},
        {"properties": {"b": {"type": "integer"}}, "additionalProperties": false},
        {"properties": {"c": {"type": "integer"}}, "additionalProperties": false},
        {"properties": {"c": {"type": "string"}}, "additionalProperties": false}],
        "not": {"additionalProperties": false}})";
    EXPECT_EQ(why_not(schema, "/a"), "");
    EXPECT_EQ(why_not(schema, "/b"), "'/b' can be no string");
    EXPECT_EQ(why_not(schema, "/c"), "");
    EXPECT_EQ(why_not(schema, "/aa"), "there is no 'aa' at the top level, did you mean '/a'?");
}

/// The pointers of all strings that are members of members of the record.
void add_strings(const Json& value, const std::string& pointer, std::vector<std::string>& out) {
    if (value.is_string()) out.push_back(pointer);
    if (!value.is_object()) return;
    for (const JsonMember& member : value.members()) {
        std::string below = pointer;
        append_pointer_step(below, member.key);
        add_strings(member.value, below, out);
    }
}

/// What a valid record has, no schema can lack.
TEST(FieldSearch, MissesNothingThatValidRecordsHave) {
    const auto directory = test::corpus_directory("XDM_CONFORMANCE_DIR", "xdm");
    if (!directory) GTEST_SKIP() << "skipped: XDM conformance data not found (set XDM_CONFORMANCE_DIR)";
    std::map<std::string, std::shared_ptr<const Schema>, std::less<>> schemas;
    std::size_t fields = 0;
    std::ifstream in{*directory / "cases" / "examples.ndjson"};
    for (std::string line; std::getline(in, line);) {
        const auto test = JsonDocument::parse(line);
        ASSERT_TRUE(test.has_value());
        const std::string name{test->root().find("schema")->text()};
        std::shared_ptr<const Schema>& schema = schemas[name];
        if (!schema) schema = load_schema_files(std::vector{*directory / "schemas" / name}).schema;
        ASSERT_TRUE(schema) << name;
        std::vector<std::string> pointers;
        add_strings(*test->root().find("instance"), "", pointers);
        for (const std::string& pointer : pointers) {
            const auto check = [&](const char* verdict, UnknownKeys unknown_keys) {
                if (!test->root().find(verdict)->boolean()) return;
                EXPECT_EQ(schema->refuses_identity(pointer, unknown_keys), std::nullopt) << name;
                ++fields;
            };
            check("valid", UnknownKeys::Reject);
            check("valid_open", UnknownKeys::Allow);
        }
    }
    EXPECT_GT(fields, 1000U);
}

/// Recursion and parts that are shared do not make it walk without end.
TEST(FieldSearch, EndsWhateverTheSchema) {
    const std::string recursive = R"({"type": "object", "properties": {
        "child": {"$ref": "#"}, "name": {"type": "string"}}, "additionalProperties": false})";
    EXPECT_EQ(why_not(recursive, "/child/child/name"), "");
    EXPECT_EQ(why_not(recursive, "/child/chidl/nope"),
              "there is no 'chidl' in '/child', did you mean '/child/child'?");
    constexpr int kLevels = 40;
    std::string doubling = R"({"$ref": "#/definitions/d0", "definitions": {)";
    for (int i = 0; i < kLevels; ++i) {
        const std::string next = R"({"$ref": "#/definitions/d)" + std::to_string(i + 1) + "\"}";
        doubling += "\"d" + std::to_string(i) + R"(": {"anyOf": [)" + next + R"(, {"allOf": [)" + next + "," +
                    next + "]}]},";
    }
    doubling += "\"d" + std::to_string(kLevels) +
                R"(": {"properties": {"thing": {}}, "additionalProperties": false}}})";
    EXPECT_EQ(why_not(doubling, "/thing"), "");
    EXPECT_EQ(why_not(doubling, "/other"), "there is no 'other' at the top level");
}

}  // namespace
}  // namespace aep::xdm
