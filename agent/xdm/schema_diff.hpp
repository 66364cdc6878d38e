#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "xdm/json.hpp"

namespace aep::xdm {

/// What a change of a schema does to records that were valid before.
enum class Effect : std::uint8_t {
    Stricter,    ///< some are not any more
    Looser,      ///< all still are, and more
    Compatible,  ///< nothing changes for records
    Different,   ///< some are not any more, others are now
};
[[nodiscard]] std::string_view name_of(Effect effect);

/// One keyword that differs at one place.
struct SchemaChange {
    std::string
        path;  ///< of the values in a record: "/items/*/price"; below `definitions`: "/definitions/x#/price"
    std::string keyword;  ///< "type", "required", "properties", ...
    std::string key;      ///< the property that came or went, became required or optional
    std::string before;   ///< JSON; empty where there was none
    std::string after;
    Effect effect = Effect::Different;

    /// {"path":"/a","keyword":"maximum","before":5,"after":7,"effect":"looser"}
    [[nodiscard]] std::string line() const;
};

/// Compares two schemas keyword by keyword, in the order of their paths. Objects that list their properties
/// are closed, as AEP has it. Titles, descriptions, examples and evidence do not count. References are
/// compared as they are written, not followed: what they lead to is compared where it stands.
[[nodiscard]] std::vector<SchemaChange> compare_schemas(const Json& before, const Json& after);

}  // namespace aep::xdm
