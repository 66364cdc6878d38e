#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <vector>

#include "xdm/key_hash.hpp"
#include "xdm/plan.hpp"
#include "xdm/schema.hpp"
#include "xdm/validator.hpp"

namespace aep::xdm {
namespace {

TEST(KeyWords, AreTheSameWhateverStandsBehindAKey) {
    const std::string text = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (std::size_t size = 0; size <= 20; ++size) {
        const std::string_view key = std::string_view{text}.substr(0, size);
        EXPECT_EQ(KeyWords::of_padded(key), KeyWords{key}) << size;
    }
}

/// Properties with these names; only the last record key is unknown.
std::vector<std::string> unknown_keys(const std::vector<std::string>& names, const std::string& more) {
    std::string properties;
    std::string record;
    for (const std::string& name : names) {
        properties += (properties.empty() ? "\"" : ",\"") + name + R"(":{"type":"string"})";
        record += "\"" + name + R"(":"",)";
    }
    const std::vector<SchemaText> texts{{"schema.json", R"({"properties":{)" + properties + "}}"}};
    const LoadedSchema loaded = load_schema(texts);
    Validator validator{loaded.schema};
    simdjson::dom::parser parser;
    Report report;
    EXPECT_FALSE(validator.validate(parser.parse("{" + record + "\"" + more + "\":1}").value(), report));
    std::vector<std::string> keys;
    for (const Violation& violation : report.violations()) keys.push_back(violation.key);
    return keys;
}

TEST(SlotTable, TellsKeysApartThatShareTheirFirstBytes) {
    const std::string start(16, 'x');
    std::vector<std::string> names{"", "x", start, start + "a", start + "b", start + "ab"};
    EXPECT_EQ(unknown_keys(names, start + "c"), std::vector<std::string>{start + "c"});
    EXPECT_EQ(unknown_keys(names, start.substr(1)), std::vector<std::string>{start.substr(1)});
}

TEST(SlotTable, FindsEveryKeyOfLargeObjects) {
    constexpr int kCount = 3000;
    std::vector<std::string> names;
    names.reserve(kCount);
    for (int i = 0; i < kCount; ++i) names.push_back("field" + std::to_string(i * 7));
    EXPECT_EQ(unknown_keys(names, "field1"), std::vector<std::string>{"field1"});
}

TEST(SlotTable, TakesNoZerosForAnEmptySlot) {
    EXPECT_EQ(unknown_keys({"a"}, ""), std::vector<std::string>{""});
    EXPECT_EQ(unknown_keys({"a"}, R"(a\u0000)"), std::vector<std::string>{std::string("a\0", 2)});
    EXPECT_EQ(unknown_keys({"a"}, R"(\u0000)"), std::vector<std::string>{std::string("\0", 1)});
}

}  // namespace
}  // namespace aep::xdm
