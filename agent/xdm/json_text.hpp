#pragma once

#include <string>

#include "xdm/json.hpp"

namespace aep::xdm {

/// The value as compact JSON, members in their order.
[[nodiscard]] std::string json_text(const Json& value);

}  // namespace aep::xdm
