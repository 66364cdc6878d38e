#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace simdjson::dom {
class element;
}

namespace aep::inlet {

/// What is wrong with one message of an XDM inlet, in AEP's words where they are known; nothing: it is right.
/// Stricter than AEP is at the door (it finds some of this only later, silently), because a test wants to
/// know:
///  - `header` with schemaRef {id, contentType} (`id` equal to `schema_id`, unless that is empty), datasetId,
///  and, where present, imsOrgId equal to `org_id` (unless
///    that is empty), flowId a string, createdAt a number or string, source with a `name`
///  - `body` with xdmMeta.schemaRef equal to the header's, and xdmEntity an object whose `_id` and
///  `timestamp` are
///    strings where present
[[nodiscard]] std::optional<std::string> envelope_fault(const simdjson::dom::element& message,
                                                        std::string_view org_id,
                                                        std::string_view schema_id = {});

/// A schemaRef's contentType as it is compared: lower case, no blanks around `;`, version 1.0 as 1. Nothing
/// when it is not a full XED schema of major version 1, the only one there is.
[[nodiscard]] std::optional<std::string> normalized_content_type(std::string_view text);

}  // namespace aep::inlet
