#pragma once

#include <string>
#include <string_view>

#include "inlet/options.hpp"

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

/// An answer as it goes over the wire.
struct Rendered {
    std::string text;     ///< head and body in one piece
    bool closes = false;  ///< the connection ends behind it
    bool abrupt = false;  ///< without a word: the answer is not complete
};

/// `head_only`: a HEAD request is answered. Forms that only concern the messages (short, long) are the
/// collection's.
[[nodiscard]] Rendered render(const Response& response, bool keep_alive, bool head_only, AnswerForm form);

}  // namespace aep::inlet
