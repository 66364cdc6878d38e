#pragma once

#include <optional>

#include "xdm/rejection.hpp"

namespace simdjson::dom {
class element;
}

namespace aep::xdm {

/// The shape of an entity's `identityMap` (xdm-rules, section 4): namespace code -> array of items with a
/// non-empty string `id`, a boolean `primary` and a known `authenticatedState`; at most one primary in the
/// whole map. Returns the first fault.
[[nodiscard]] std::optional<Rejection> check_identity_map(const simdjson::dom::element& map);

}  // namespace aep::xdm
