#include "xdm/schema.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <utility>

#include "base/result.hpp"
#include "xdm/field_search.hpp"
#include "xdm/json_pointer.hpp"
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

std::optional<std::string> Schema::refuses_identity(std::string_view pointer,
                                                    UnknownKeys unknown_keys) const {
    const bool is_map = pointer == kInIdentityMap;
    auto why = FieldSearch{*plan_, unknown_keys}.missing(pointer_steps(pointer),
                                                         is_map ? ValueKind::Object : ValueKind::String);
    if (why && is_map) {
        return "it has no identityMap: add the field group https://ns.adobe.com/xdm/context/identitymap to "
               "it, "
               "or name the field that is the identity";
    }
    return why;
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

namespace {

/// The whole text, or so much of it that it is seen to be too long.
base::Result<std::string> read(const std::filesystem::path& file) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) {
        return base::Error{"is a directory; name the files in it"};
    }
    std::ifstream in{file, std::ios::binary};
    if (!in) return base::system_error("cannot read it", errno);
    std::string text;
    std::array<char, std::size_t{64} << 10U> part;
    while (text.size() <= kMostSchemaBytes && in) {
        in.read(part.data(), part.size());
        text.append(part.data(), static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad()) return base::system_error("cannot read it", errno);
    return base::ok(std::move(text));
}

}  // namespace

LoadedSchema load_schema_files(std::span<const std::filesystem::path> files) {
    std::vector<SchemaText> texts;
    LoadedSchema failed;
    for (const std::filesystem::path& file : files) {
        auto text = read(file);
        if (text) {
            texts.push_back({file.string(), std::move(*text)});
        } else {
            failed.errors.push_back({file.string(), "", text.error().message});
        }
    }
    return failed.errors.empty() ? load_schema(texts) : std::move(failed);
}

}  // namespace aep::xdm
