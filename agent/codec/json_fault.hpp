#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace aep::codec {

/// Where and why a text is not JSON, or holds a number that is out of range. simdjson, which checks records
/// on the hot path, says what is wrong but not where; this second reading, by Boost.JSON, is for refused
/// records only.
struct JsonFault {
    std::string message;
    std::size_t offset = 0;
    bool number_out_of_range = false;
};

/// Nothing when the text is valid JSON whose numbers are all in range.
[[nodiscard]] std::optional<JsonFault> find_json_fault(std::string_view text, std::size_t max_depth);

}  // namespace aep::codec
