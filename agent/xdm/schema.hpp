#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xdm/options.hpp"

namespace aep::xdm {

struct Plan;

/// One JSON text with a schema: what the Schema Registry answers for `application/vnd.adobe.xed-full+json`
/// (nothing left to resolve), or JSON Schema draft-06 with `$ref`, `allOf` and `definitions`. Of draft-07 the
/// part that it shares with draft-06.
struct SchemaText {
    std::string name;  ///< the file it came from: for messages, and the base of relative references
    std::string text;
};

/// Something wrong, or odd, about a schema.
struct SchemaProblem {
    std::string file;
    std::string pointer;  ///< JSON pointer into the file; "" is the whole
    std::string message;

    /// "events.json: /properties/x/type: unknown type 'strng', did you mean 'string'?"
    [[nodiscard]] std::string line() const;
};

/// Of each text.
inline constexpr std::size_t kMostSchemaBytes = std::size_t{16} << 20U;

/// A schema made ready for checking records: everything resolved, in compact arrays. Immutable, hence
/// free-threaded; the validators of all workers share one.
class Schema {
  public:
    explicit Schema(std::unique_ptr<const Plan> plan);
    ~Schema();
    Schema(const Schema&) = delete;
    Schema& operator=(const Schema&) = delete;

    [[nodiscard]] const std::string& id() const;        ///< `$id`, or ""
    [[nodiscard]] const std::string& title() const;     ///< or ""
    [[nodiscard]] const std::string& class_id() const;  ///< `meta:class`, or ""
    /// The pointer of the primary identity, where the text carries its descriptors (Accept: xed-full-desc);
    /// it is required then.
    [[nodiscard]] const std::optional<std::string>& primary_identity() const;
    /// Why no record that it accepts can have an identity at this pointer, and what to name instead.
    [[nodiscard]] std::optional<std::string> refuses_identity(std::string_view pointer,
                                                              UnknownKeys unknown_keys) const;
    /// What a validator works from.
    [[nodiscard]] const Plan& plan() const { return *plan_; }

  private:
    std::unique_ptr<const Plan> plan_;
};

struct LoadedSchema {
    std::shared_ptr<const Schema> schema;  ///< null where there are errors
    std::vector<SchemaProblem> errors;     ///< the first few
    std::vector<SchemaProblem> warnings;   ///< what will not be checked, and what is probably a mistake
};

/// The first text is the schema; the others are there to be referred to, by `$id` or by file name. The
/// meta-schemas of draft-06 and draft-07 are always there.
[[nodiscard]] LoadedSchema load_schema(std::span<const SchemaText> texts);
[[nodiscard]] LoadedSchema load_schema_files(std::span<const std::filesystem::path> files);

}  // namespace aep::xdm
