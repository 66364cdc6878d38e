#pragma once

#include <string>
#include <string_view>

namespace aep::xdm {

/// The schema of schemas that draft-06 and draft-07 publish under this URI (without its fragment): as much of
/// it as decides what is valid. "" for other URIs.
[[nodiscard]] std::string meta_schema_text(std::string_view uri);

}  // namespace aep::xdm
