#pragma once

#include <string>
#include <string_view>

namespace aep::inlet {

/// An answer before it is written.
struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string headers;  ///< further ones, each with its CRLF
    std::string body;
};

/// A whole-request refusal as AEP words it: problem+json with `report.message`.
[[nodiscard]] Response problem(int status, std::string_view title, std::string_view message);

/// Head and body in one piece; without the body when a HEAD request is answered.
[[nodiscard]] std::string render(const Response& response, bool keep_alive, bool head_only);

}  // namespace aep::inlet
