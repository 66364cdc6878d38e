#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "xdm/json.hpp"

namespace aep::xdm {

/// A schema within one of the texts, and where it stands.
struct SchemaPlace {
    const Json* schema = nullptr;
    std::uint32_t file = 0;  ///< in SchemaIndex::file_name
    std::string pointer;     ///< from the file's root
    std::string base;        ///< the URI around it, to which its own `$id` is relative
};

/// Finds schemas by URI (draft-06, section 9): by the `$id` of a text or of a schema within one, by an
/// "#anchor", by JSON pointer, by file name. Confined.
class SchemaIndex {
  public:
    /// `name` is the file's; it is the base of a text without `$id`. Returns why the text is no JSON.
    [[nodiscard]] base::Result<> add(std::string name, std::string_view text, std::size_t max_bytes);

    [[nodiscard]] const std::string& file_name(std::uint32_t file) const { return files_[file].name; }
    /// The root of the first text.
    [[nodiscard]] SchemaPlace root() const;

    /// The schema that `reference` names where `base` is the place.
    [[nodiscard]] base::Result<SchemaPlace> find(const std::string& base, std::string_view reference);

    /// The base within `schema`: its own `$id`, where it has one and no `$ref` beside it.
    [[nodiscard]] static std::string base_within(const Json& schema, const std::string& base);

  private:
    struct File {
        std::string name;
        JsonDocument document;
    };

    void collect(const SchemaPlace& root);
    void add_children(const SchemaPlace& place, std::vector<SchemaPlace>& waiting) const;
    [[nodiscard]] base::Result<SchemaPlace> walk(const SchemaPlace& from, std::string_view pointer) const;
    bool add_meta_schema(std::string_view uri);
    [[nodiscard]] std::string known_ids() const;

    std::deque<File> files_;
    std::unordered_map<std::string, SchemaPlace> places_;  ///< by URI; anchors with their fragment
};

}  // namespace aep::xdm
