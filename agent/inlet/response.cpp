#include "inlet/response.hpp"

#include <fmt/format.h>
#define ZLIB_CONST
#include <zlib.h>

#include <boost/beast/http/status.hpp>
#include <new>

#include "base/json_text.hpp"

namespace aep::inlet {
namespace {

std::string gzip(std::string_view plain) {
    z_stream stream{};
    constexpr int kGzip = MAX_WBITS + 16;
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc{};
    std::string coded(deflateBound(&stream, plain.size()), '\0');
    stream.next_in = reinterpret_cast<const Bytef*>(plain.data());
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(coded.data());
    stream.avail_out = static_cast<uInt>(coded.size());
    deflate(&stream, Z_FINISH);
    coded.resize(stream.total_out);
    deflateEnd(&stream);
    return coded;
}

std::string in_chunks(std::string_view body) {
    constexpr std::size_t kChunk = 50;
    std::string text;
    for (; !body.empty(); body.remove_prefix(std::min(kChunk, body.size()))) {
        const std::string_view chunk = body.substr(0, kChunk);
        text += fmt::format("{:x};part=1\r\n{}\r\n", chunk.size(), chunk);
    }
    return text + "0\r\nX-Trailer: end\r\n\r\n";
}

std::string status_line(int status, std::string_view version) {
    namespace http = boost::beast::http;
    const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
    return fmt::format("HTTP/{} {} {}\r\n", version, status, std::string_view{reason.data(), reason.size()});
}

/// What a form makes of the body, and the headers that say how long it is.
std::string framed(std::string& body, AnswerForm form) {
    switch (form) {
        case AnswerForm::Gzip:
            body = gzip(body);
            return fmt::format("Content-Encoding: gzip\r\nContent-Length: {}\r\n", body.size());
        case AnswerForm::Chunked:
            body = in_chunks(body);
            return "Transfer-Encoding: chunked\r\n";
        case AnswerForm::UntilClose:
        case AnswerForm::Http10:
            return "";
        case AnswerForm::HugeBody:
            body.append(std::size_t{5} << 20U, ' ');
            break;
        default:
            break;
    }
    return fmt::format("Content-Length: {}\r\n", body.size());
}

std::string padding(AnswerForm form) {
    if (form != AnswerForm::LargeHead && form != AnswerForm::HugeHead) return "";
    const std::size_t lines = form == AnswerForm::LargeHead ? 60 : 200;
    std::string text;
    for (std::size_t i = 0; i < lines; ++i)
        text += fmt::format("X-Padding-{}: {}\r\n", i, std::string(1000, 'x'));
    return text;
}

}  // namespace

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

Rendered render(const Response& response, bool keep_alive, bool head_only, AnswerForm form) {
    if (form == AnswerForm::NotHttp) return {.text = "220 mail.example ESMTP\r\n", .closes = true};
    Rendered rendered;
    std::string body = response.body;
    const std::string length = framed(body, form);
    rendered.closes = !keep_alive || form == AnswerForm::UntilClose || form == AnswerForm::Http10;
    std::string& text = rendered.text;
    if (form == AnswerForm::Interim)
        text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    text += status_line(response.status, form == AnswerForm::Http10 ? "1.0" : "1.1");
    text += length;
    if (!response.body.empty()) text.append("Content-Type: ").append(response.content_type).append("\r\n");
    if (rendered.closes && form != AnswerForm::Http10) text += "Connection: close\r\n";
    text.append(response.headers).append(padding(form)).append("\r\n");
    if (!head_only) text += body;
    if (form == AnswerForm::Truncated) {
        text.resize(text.size() - (body.size() + 1) / 2);
        rendered.closes = rendered.abrupt = true;
    }
    return rendered;
}

}  // namespace aep::inlet
