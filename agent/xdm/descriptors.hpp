#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "xdm/json.hpp"

namespace aep::xdm {

/// A field that a descriptor of a schema (`meta:descriptors`, Accept: xed-full-desc) makes a primary
/// identity.
struct PrimaryIdentity {
    std::size_t descriptor;         ///< its index
    std::vector<std::string> keys;  ///< down to the field

    /// As a JSON pointer.
    [[nodiscard]] std::string pointer() const;
};

[[nodiscard]] std::vector<PrimaryIdentity> primary_identities(const Json& schema);

}  // namespace aep::xdm
