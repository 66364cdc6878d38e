#include "xdm/schema.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/result.hpp"
#include "xdm/plan.hpp"
#include "xdm/schema_compiler.hpp"
#include "xdm/schema_index.hpp"

namespace aep::xdm {

std::string SchemaProblem::line() const {
    return pointer.empty() ? fmt::format("{}: {}", file, message)
                           : fmt::format("{}: {}: {}", file, pointer, message);
}

Schema::Schema(std::unique_ptr<const Plan> plan) : plan_{std::move(plan)} {}
Schema::~Schema() = default;

const std::string& Schema::id() const {
    return plan_->id;
}
const std::string& Schema::title() const {
    return plan_->title;
}
const std::string& Schema::class_id() const {
    return plan_->class_id;
}
const std::optional<std::string>& Schema::primary_identity() const {
    return plan_->primary_identity;
}

LoadedSchema load_schema(std::span<const SchemaText> texts) {
    LoadedSchema loaded;
    SchemaIndex index;
    for (const SchemaText& text : texts) {
        const base::Result<> added = index.add(text.name, text.text, kMostSchemaBytes);
        if (added.has_error()) loaded.errors.push_back({text.name, "", added.error().message});
    }
    if (texts.empty()) loaded.errors.push_back({"", "", "no schema given"});
    if (!loaded.errors.empty()) return loaded;
    if (auto plan = SchemaCompiler{index, loaded}.compile()) {
        loaded.schema = std::make_shared<const Schema>(std::move(plan));
    }
    return loaded;
}

LoadedSchema load_schema_files(std::span<const std::filesystem::path> files) {
    std::vector<SchemaText> texts;
    LoadedSchema failed;
    for (const std::filesystem::path& file : files) {
        std::ifstream in{file, std::ios::binary};
        std::string text{std::istreambuf_iterator<char>{in}, {}};
        if (!in.is_open() || in.bad()) {
            const std::string reason = base::system_error("cannot read it", errno).message;
            failed.errors.push_back({file.string(), "", reason});
        }
        texts.push_back({file.string(), std::move(text)});
    }
    return failed.errors.empty() ? load_schema(texts) : std::move(failed);
}

}  // namespace aep::xdm
