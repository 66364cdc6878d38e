#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "xdm/report.hpp"

namespace aep::xdm {

/// Why a record cannot become a message: at least one violation, whose pointers lead into the entity.
struct Rejection {
    std::string_view code;  ///< stable: "schema_invalid", "id_missing", "timestamp_in_future", ...
    std::vector<Violation> violations;

    /// The first violation, and how many there are beside it.
    [[nodiscard]] std::string reason() const;
};

}  // namespace aep::xdm
