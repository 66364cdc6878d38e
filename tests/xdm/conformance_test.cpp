#include <fmt/core.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "corpus.hpp"
#include "xdm/schema.hpp"
#include "xdm/validator.hpp"

namespace aep::xdm {
namespace {

namespace fs = std::filesystem;

struct Tally {
    int cases = 0;
    int verdicts = 0;      ///< that agree, in both readings
    int first_errors = 0;  ///< of invalid cases
    int first_agree = 0;
};

/// Records with known verdicts, against schemas in the shape that the Schema Registry hands out.
class XdmConformance : public testing::Test {
  protected:
    static constexpr double kFirstErrorShare = 0.98;

    const std::shared_ptr<const Schema>& schema(const fs::path& directory, const std::string& name) {
        std::shared_ptr<const Schema>& schema = schemas_[name];
        if (!schema) {
            const std::vector<fs::path> files{directory / "schemas" / name};
            LoadedSchema loaded = load_schema_files(files);
            for (const SchemaProblem& problem : loaded.errors) ADD_FAILURE() << problem.line();
            for (const SchemaProblem& problem : loaded.warnings) ADD_FAILURE() << problem.line();
            schema = loaded.schema;
        }
        return schema;
    }

    /// One reading of a case. Whatever holds the record, the answer is the same.
    bool validate(const std::shared_ptr<const Schema>& schema, UnknownKeys unknown_keys, const Json& record,
                  Report& report) {
        Validator validator{schema, unknown_keys};
        const bool is_valid = validator.validate(record, report);
        std::string text;
        test::append_json(text, record);
        simdjson::dom::element value;
        if (parser_.parse(text).get(value) == simdjson::SUCCESS) {
            Report other;
            EXPECT_EQ(validator.validate(value, other), is_valid) << text;
            EXPECT_EQ(other.total(), report.total()) << text;
        }
        EXPECT_EQ(report.empty(), is_valid) << text;
        return is_valid;
    }

    void check(const fs::path& directory, const Json& test) {
        const std::string origin{test.find("origin")->text()};
        const auto& compiled = schema(directory, std::string{test.find("schema")->text()});
        ASSERT_TRUE(compiled) << origin;
        const Json& record = *test.find("instance");
        Report report;
        const bool open = validate(compiled, UnknownKeys::Allow, record, report);
        const bool closed = validate(compiled, UnknownKeys::Reject, record, report);
        const bool agrees =
            open == test.find("valid_open")->boolean() && closed == test.find("valid")->boolean();
        EXPECT_TRUE(agrees) << origin << (report.empty() ? "" : report.violations().front().line());

        std::string keyword = "(valid)";
        bool first_agrees = false;
        if (const auto errors = test.find("errors")->items(); !errors.empty()) {
            keyword = errors.front().find("keyword")->text();
            first_agrees = !report.empty() && report.violations().front().keyword == keyword &&
                           report.violations().front().pointer == errors.front().find("pointer")->text();
        }
        for (Tally* tally : {&by_keyword_[keyword], &by_tag_[std::string{test.find("tag")->text()}], &all_}) {
            ++tally->cases;
            tally->verdicts += agrees ? 1 : 0;
            tally->first_errors += keyword == "(valid)" ? 0 : 1;
            tally->first_agree += first_agrees ? 1 : 0;
        }
    }

    static void print(const char* title, const std::map<std::string, Tally>& tallies) {
        fmt::print("{:<28} {:>7} {:>9} {:>13}\n", title, "cases", "verdicts", "first errors");
        for (const auto& [name, tally] : tallies) {
            fmt::print("{:<28} {:>7} {:>9} {:>6} of {:>4}\n", name, tally.cases, tally.verdicts,
                       tally.first_agree, tally.first_errors);
        }
    }

    std::map<std::string, std::shared_ptr<const Schema>> schemas_;
    std::map<std::string, Tally> by_keyword_;
    std::map<std::string, Tally> by_tag_;
    Tally all_;
    simdjson::dom::parser parser_;
};

TEST_F(XdmConformance, AgreesOnEveryCaseInBothReadings) {
    const auto directory = test::corpus_directory("XDM_CONFORMANCE_DIR", "xdm");
    if (!directory) GTEST_SKIP() << "skipped: XDM conformance data not found (set XDM_CONFORMANCE_DIR)";
    for (const fs::directory_entry& file : fs::directory_iterator{*directory / "cases"}) {
        std::ifstream in{file.path()};
        for (std::string line; std::getline(in, line);) {
            const auto test = JsonDocument::parse(line);
            ASSERT_TRUE(test.has_value()) << file.path() << ": " << test.error().message;
            check(*directory, test->root());
        }
    }
    print("first expected keyword", by_keyword_);
    print("tag", by_tag_);
    print("", {{"all", all_}});
    EXPECT_GT(all_.cases, 0);
    EXPECT_EQ(all_.verdicts, all_.cases);
    EXPECT_GE(all_.first_agree, kFirstErrorShare * all_.first_errors);
}

/// Of JSON-Schema-Test-Suite: expectations that are not met, and why.
struct Disputed {
    const char* group;
    const char* test;
    const char* reason;
};
constexpr const char* kDateTimes = "validation of date-time strings";
constexpr const char* kAepsForms =
    "AEP accepts capital T and Z, up to nine fraction digits and no leap seconds (its own error text)";
constexpr Disputed kDisputed[] = {
    {kDateTimes, "case-insensitive T and Z", kAepsForms},
    {kDateTimes, "a second fraction of fifteen nines is valid", kAepsForms},
    {kDateTimes, "a valid date-time with a leap second, UTC", kAepsForms},
    {kDateTimes, "a valid date-time with a leap second with minus offset", kAepsForms},
};

bool is_disputed(std::string_view group, std::string_view test) {
    return std::any_of(std::begin(kDisputed), std::end(kDisputed), [&](const Disputed& disputed) {
        return disputed.group == group && disputed.test == test;
    });
}

TEST(JsonSchemaTestSuite, AgreesOnEveryTestWithUnknownKeysAllowed) {
    const auto directory = test::corpus_directory("JSON_SCHEMA_SUITE_DIR", "jsonschema");
    if (!directory) GTEST_SKIP() << "skipped: JSON-Schema-Test-Suite not found (set JSON_SCHEMA_SUITE_DIR)";
    std::map<std::string, std::pair<int, int>> files;
    int tests = 0;
    int disputed = 0;
    for (const fs::directory_entry& file : fs::recursive_directory_iterator{*directory}) {
        if (file.path().extension() != ".json") continue;
        const auto groups = JsonDocument::parse(test::read_file(file.path()));
        ASSERT_TRUE(groups.has_value()) << file.path();
        for (const Json& group : groups->root().items()) {
            const std::string_view name = group.find("description")->text();
            std::vector<SchemaText> texts{{"schema.json", ""}};
            test::append_json(texts.front().text, *group.find("schema"));
            const LoadedSchema loaded = load_schema(texts);
            for (const SchemaProblem& problem : loaded.errors)
                ADD_FAILURE() << name << ": " << problem.line();
            if (!loaded.schema) continue;
            Validator validator{loaded.schema, UnknownKeys::Allow};
            for (const Json& test : group.find("tests")->items()) {
                const std::string_view description = test.find("description")->text();
                Report report;
                const bool agrees =
                    validator.validate(*test.find("data"), report) == test.find("valid")->boolean();
                const bool expected = !is_disputed(name, description);
                EXPECT_EQ(agrees, expected) << file.path() << ": " << name << ": " << description;
                auto& [all, agreeing] = files[file.path().stem().string()];
                ++all;
                agreeing += agrees ? 1 : 0;
                disputed += expected ? 0 : 1;
                ++tests;
            }
        }
    }
    for (const auto& [name, counts] : files)
        fmt::print("{:<28} {:>5} of {:>5}\n", name, counts.second, counts.first);
    fmt::print("{:<28} {:>5} tests, {} of them disputed\n", "all", tests, disputed);
    EXPECT_GT(tests, 0);
}

}  // namespace
}  // namespace aep::xdm
