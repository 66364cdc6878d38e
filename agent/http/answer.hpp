#pragma once

#include <optional>
#include <string>

namespace aep::http {

/// A complete answer.
struct Answer {
    int status = 0;
    std::string body;  ///< decoded where it was gzip or deflate, though nobody asks for that
    std::optional<std::string> retry_after;  ///< the header's value as it came
    bool encoded = false;                    ///< the body is coded in a way that is not understood
    std::string location = {};               ///< where a redirect points to, as it came
};

}  // namespace aep::http
