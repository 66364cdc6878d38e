#pragma once

#include <string>
#include <string_view>

namespace aep::xdm {

/// Why a record cannot become a message. The pointer is a JSON pointer into the entity ("" is the whole).
struct Rejection {
    std::string_view code;     ///< stable: "id_missing", "timestamp_in_future", ...
    std::string_view keyword;  ///< the rule, as in a schema's report: "type", "required", "format", ...
    std::string pointer;
    std::string message;
};

}  // namespace aep::xdm
