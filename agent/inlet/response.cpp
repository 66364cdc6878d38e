#include "inlet/response.hpp"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <iterator>

#include "base/json_text.hpp"

namespace aep::inlet {

Response problem(int status, std::string_view title, std::string_view message) {
    Response response;
    response.status = status;
    response.content_type = "application/problem+json";
    response.body = fmt::format(
        R"({{"type":"http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet","status":{},"title":)",
        status);
    base::append_json_string(response.body, title);
    response.body += R"(,"report":{"message":)";
    base::append_json_string(response.body, message);
    response.body += "}}";
    return response;
}

std::string render(const Response& response, bool keep_alive, bool head_only) {
    namespace http = boost::beast::http;
    const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)));
    std::string text;
    fmt::format_to(std::back_inserter(text), "HTTP/1.1 {} {}\r\nContent-Length: {}\r\n", response.status,
                   std::string_view{reason.data(), reason.size()}, response.body.size());
    if (!response.body.empty()) text.append("Content-Type: ").append(response.content_type).append("\r\n");
    if (!keep_alive) text += "Connection: close\r\n";
    text.append(response.headers).append("\r\n");
    if (!head_only) text += response.body;
    return text;
}

}  // namespace aep::inlet
