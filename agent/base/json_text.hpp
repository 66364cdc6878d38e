#pragma once

#include <string>
#include <string_view>

namespace aep::base {

/// Appends `text` as a JSON string with its quotes (RFC 8259 section 7). `text` is valid UTF-8; control
/// characters, quotes and backslashes are escaped.
void append_json_string(std::string& out, std::string_view text);

}  // namespace aep::base
