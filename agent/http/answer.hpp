#pragma once

#include <optional>
#include <string>

namespace aep::http {

/// A complete answer.
struct Answer {
    int status = 0;
    std::string body;
    std::optional<std::string> retry_after;  ///< the header's value as it came
    bool encoded = false;                    ///< the body is compressed, though nobody asked for that
};

}  // namespace aep::http
