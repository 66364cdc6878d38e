#include <fmt/core.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <new>
#include <string>

#include "corpus.hpp"
#include "xdm/dom_view.hpp"
#include "xdm/entity_view.hpp"
#include "xdm/schema.hpp"
#include "xdm/validate_view.hpp"
#include "xdm/validator.hpp"

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

// All forms that sanitizers have as well: theirs and these must not meet in one piece of memory.
// g++ takes the pair of malloc and operator delete for a mistake when it sees only one of them inlined.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(size);
}
void* operator new(std::size_t size) {
    if (void* memory = operator new(size, std::nothrow)) return memory;
    throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}

namespace aep::xdm {
namespace {

namespace fs = std::filesystem;

class Allocations : public testing::Test {
  protected:
    struct Use {
        std::shared_ptr<const Schema> schema;
        std::unique_ptr<Validator> validator;  ///< warm once it has seen a record
    };

    Use& use(const fs::path& directory, std::string_view name) {
        Use& use = uses_[std::string{name}];
        if (!use.schema) {
            const std::vector<fs::path> files{directory / "schemas" / name};
            use.schema = load_schema_files(files).schema;
            use.validator = std::make_unique<Validator>(use.schema);
        }
        return use;
    }

    /// Whether the record is valid, which it must be found without an allocation.
    template <class Check>
    static bool check(Check check, std::string_view origin) {
        if (!check()) return false;  // warms up: patterns build their automata as they run
        const std::size_t before = allocations;
        EXPECT_TRUE(check()) << origin;
        EXPECT_EQ(allocations - before, 0U) << origin;
        return true;
    }

    std::map<std::string, Use> uses_;
};

TEST_F(Allocations, AreNoneForValidRecords) {
    const auto directory = test::corpus_directory("XDM_CONFORMANCE_DIR", "xdm");
    if (!directory) GTEST_SKIP() << "skipped: XDM conformance data not found (set XDM_CONFORMANCE_DIR)";
    const MadeMembers made{"0123456789abcdef0123456789abcdef", "2024-05-06T07:08:09.123Z"};
    Report report;
    std::size_t valid = 0;
    std::size_t entities = 0;
    for (const fs::directory_entry& file : fs::directory_iterator{*directory / "cases"}) {
        std::ifstream in{file.path()};
        simdjson::dom::parser parser;
        for (std::string line; std::getline(in, line);) {
            simdjson::dom::element test;
            if (parser.parse(line).get(test) != simdjson::SUCCESS)
                continue;  // numbers that fit no machine type
            const simdjson::dom::element record = test["instance"];
            const std::string_view origin = test["origin"];
            Validator& validator = *use(*directory, test["schema"]).validator;
            valid += check([&] { return validator.validate(record, report); }, origin) ? 1 : 0;
            const EntityView<DomView> entity{DomView{record}, made};
            entities += check([&] { return validator.validate_view(entity, report); }, origin) ? 1 : 0;
        }
    }
    fmt::print("{} valid records and {} entities with members of the agent's own\n", valid, entities);
    EXPECT_GT(allocations, 0U) << "nothing is counted";
    EXPECT_GT(valid, 1000U);
    EXPECT_GT(entities, 100U);
}

}  // namespace
}  // namespace aep::xdm
