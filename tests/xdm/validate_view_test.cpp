#include "xdm/validate_view.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "corpus.hpp"
#include "xdm/schema.hpp"

namespace aep::xdm {
namespace {

namespace fs = std::filesystem;

/// A tree as a mapping may build one, which has never been JSON text.
struct Field;
struct Tree {
    using List = std::vector<Tree>;
    using Fields = std::vector<Field>;
    struct Decimal {
        std::string digits;  ///< of a number that fits no machine type
    };

    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, Decimal, std::string, List,
                 Fields>
        value;
};

struct Field {
    std::string key;
    Tree value;
};

/// The validator's view of it: by the order of the variant's types, which is that of ValueKind.
struct TreeView {
    const Tree* tree = nullptr;

    [[nodiscard]] ValueKind kind() const { return static_cast<ValueKind>(tree->value.index()); }
    [[nodiscard]] bool boolean() const { return std::get<bool>(tree->value); }
    [[nodiscard]] std::int64_t integer() const { return std::get<std::int64_t>(tree->value); }
    [[nodiscard]] std::uint64_t unsigned_integer() const { return std::get<std::uint64_t>(tree->value); }
    [[nodiscard]] double real() const { return std::get<double>(tree->value); }
    [[nodiscard]] std::string_view text() const {
        if (const auto* decimal = std::get_if<Tree::Decimal>(&tree->value)) return decimal->digits;
        return std::get<std::string>(tree->value);
    }
    template <class Visit>
    bool for_each_item(Visit visit) const {
        for (const Tree& item : std::get<Tree::List>(tree->value)) {
            if (!visit(TreeView{&item})) return false;
        }
        return true;
    }
    template <class Visit>
    bool for_each_member(Visit visit) const {
        for (const auto& [key, member] : std::get<Tree::Fields>(tree->value)) {
            if (!visit(std::string_view{key}, TreeView{&member})) return false;
        }
        return true;
    }
};
static_assert(ValueView<TreeView>);

std::string lines(const Report& report) {
    std::string text;
    for (const Violation& violation : report.violations()) text += violation.line() + "\n";
    return text;
}

TEST(ValidateView, ChecksATreeThatWasBuilt) {
    const std::vector<SchemaText> texts{
        {"schema.json", R"({"type": "object", "required": ["_id", "timestamp"],
        "properties": {"_id": {"type": "string", "minLength": 1},
                       "timestamp": {"type": "string", "format": "date-time"},
                       "order": {"type": "object", "properties": {"total": {"type": "number", "minimum": 0}}},
                       "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}}})"}};
    Validator validator{load_schema(texts).schema};
    Report report;
    Tree entity{Tree::Fields{{"_id", {std::string{"a-1"}}},
                             {"timestamp", {std::string{"2024-05-06T07:08:09Z"}}},
                             {"order", {Tree::Fields{{"total", {12.5}}}}},
                             {"tags", {Tree::List{{std::string{"x"}}, {std::string{"y"}}}}}}};
    EXPECT_TRUE(validator.validate_view(TreeView{&entity}, report)) << lines(report);

    auto& fields = std::get<Tree::Fields>(entity.value);
    fields[1].value.value = std::string{"today"};
    fields[2].value.value = Tree::Fields{{"total", {std::int64_t{-1}}}, {"sum", {nullptr}}};
    std::get<Tree::List>(fields[3].value.value)[1].value = std::string{"x"};
    EXPECT_FALSE(validator.validate_view(TreeView{&entity}, report));
    EXPECT_EQ(lines(report),
              "/order: unknown field \"sum\"\n"
              "/order/total: expected at least 0, found -1\n"
              "/tags: some items are equal, and each must be unique\n"
              "/timestamp: expected a date-time such as 2019-05-15T20:20:39Z, found \"today\"\n");
}

Tree built_from(const Json& json) {
    switch (json.kind()) {
        case ValueKind::Null:
            return {nullptr};
        case ValueKind::Boolean:
            return {json.boolean()};
        case ValueKind::Integer:
            return {json.integer()};
        case ValueKind::Unsigned:
            return {json.unsigned_integer()};
        case ValueKind::Real:
            return {json.real()};
        case ValueKind::Big:
            return {Tree::Decimal{std::string{json.text()}}};
        case ValueKind::String:
            return {std::string{json.text()}};
        case ValueKind::Array: {
            Tree::List items;
            for (const Json& item : json.items()) items.push_back(built_from(item));
            return {std::move(items)};
        }
        case ValueKind::Object: {
            Tree::Fields fields;
            for (const auto& [key, value] : json.members())
                fields.push_back({std::string{key}, built_from(value)});
            return {std::move(fields)};
        }
    }
    return {};
}

/// Whatever holds a record, what is said of it is the same.
TEST(ValidateView, SaysOfATreeWhatItSaysOfTheText) {
    const auto directory = test::corpus_directory("XDM_CONFORMANCE_DIR", "xdm");
    if (!directory) GTEST_SKIP() << "skipped: XDM conformance data not found (set XDM_CONFORMANCE_DIR)";
    std::map<std::string, std::unique_ptr<Validator>> validators;
    int records = 0;
    for (const fs::directory_entry& file : fs::directory_iterator{*directory / "cases"}) {
        std::ifstream in{file.path()};
        for (std::string line; std::getline(in, line);) {
            const auto test = JsonDocument::parse(line);
            ASSERT_TRUE(test.has_value()) << test.error().message;
            const std::string name{test->root().find("schema")->text()};
            auto& validator = validators[name];
            const std::vector<fs::path> files{*directory / "schemas" / name};
            if (!validator) validator = std::make_unique<Validator>(load_schema_files(files).schema);
            const Json& record = *test->root().find("instance");
            const Tree tree = built_from(record);
            Report of_text;
            Report of_tree;
            EXPECT_EQ(validator->validate_view(TreeView{&tree}, of_tree),
                      validator->validate(record, of_text));
            EXPECT_EQ(lines(of_tree), lines(of_text)) << line;
            ++records;
        }
    }
    fmt::print("{} records\n", records);
    EXPECT_GT(records, 0);
}

}  // namespace
}  // namespace aep::xdm
