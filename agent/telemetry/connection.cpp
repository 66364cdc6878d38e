#include "telemetry/connection.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/none.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include "telemetry/log.hpp"
#include "telemetry/pages.hpp"

// g++ 12 at -O1 inlines the coroutine frame's operator new and not its operator delete, and then takes the
// two for a mismatched pair.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace aep::telemetry {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

using Response = http::response<http::string_body>;
using Parser = http::request_parser<http::empty_body>;

constexpr std::uint32_t kMaxHead = 8 << 10U;
constexpr std::size_t kMaxBuffered = std::size_t{2} * kMaxHead;
constexpr std::size_t kMaxDiscarded = 64 << 10U;
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

Response make_response(Page page, unsigned version, bool keep_alive) {
    Response response{static_cast<http::status>(page.status), version};
    response.set(http::field::content_type, page.content_type);
    response.set(http::field::cache_control, "no-store");
    response.body() = std::move(page.body);
    response.keep_alive(keep_alive);
    response.prepare_payload();
    return response;
}

Page page_or_error(std::string_view target, const Metrics& metrics, const Health& health) {
    try {
        return page_of(target, metrics, health);
    } catch (const std::exception& problem) {
        log::error("telemetry_page_failed", "a page could not be made", {{"reason", problem.what()}});
        return {500, "text/plain; charset=utf-8", "this page could not be made; the log says why\n"};
    }
}

Response answer(const Parser& parser, const Metrics& metrics, const Health& health) {
    const auto& request = parser.get();
    const bool is_head = request.method() == http::verb::head;
    // A body is not read, so what follows it could not be told from it: such a connection ends here.
    const bool has_body = parser.chunked() || parser.content_length().value_or(0) > 0;
    const bool keep_alive = request.keep_alive() && !has_body;
    if (request.method() != http::verb::get && !is_head) {
        Page refused{405, "text/plain; charset=utf-8", "only GET and HEAD are answered here\n"};
        Response response = make_response(std::move(refused), request.version(), keep_alive);
        response.set(http::field::allow, "GET, HEAD");
        return response;
    }
    const std::string_view target{request.target().data(), request.target().size()};
    Response response = make_response(page_or_error(target, metrics, health), request.version(), keep_alive);
    if (is_head) response.body().clear();  // Content-Length stays that of GET
    return response;
}

Response refuse_head(const beast::error_code& error) {
    const bool too_long = error == http::error::header_limit || error == http::error::buffer_overflow;
    Page page{too_long ? 431 : 400, "text/plain; charset=utf-8",
              too_long ? "the request's head is longer than 8 KiB\n" : "this is not an HTTP/1.1 request\n"};
    return make_response(std::move(page), 11, false);
}

bool is_bad_head(const beast::error_code& error) {
    return error.category() == http::make_error_code(http::error::bad_method).category() &&
           error != http::error::end_of_stream && error != http::error::partial_message;
}

// Closing while bytes of the client are unread would reset the connection, and with it the answer on its way.
asio::awaitable<void> close_gently(beast::tcp_stream& stream) {
    beast::error_code ignored;
    stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    std::array<char, 4096> discarded{};
    for (std::size_t total = 0; total < kMaxDiscarded;) {
        const auto [error, size] = co_await stream.async_read_some(asio::buffer(discarded), kAsTuple);
        if (error) break;
        total += size;
    }
}

// The answer to HEAD has the head of the answer to GET, and no body.
asio::awaitable<beast::error_code> send(beast::tcp_stream& stream, Response& response, bool head_only) {
    http::response_serializer<http::string_body> serializer{response};
    serializer.split(head_only);
    if (head_only) {
        const auto [error, size] = co_await http::async_write_header(stream, serializer, kAsTuple);
        co_return error;
    }
    const auto [error, size] = co_await http::async_write(stream, serializer, kAsTuple);
    co_return error;
}

}  // namespace

asio::awaitable<void> serve_connection(asio::ip::tcp::socket socket, const Metrics& metrics,
                                       const Health& health, std::chrono::milliseconds request_time) {
    beast::tcp_stream stream{std::move(socket)};
    beast::flat_buffer buffer{kMaxBuffered};
    for (bool open = true; open;) {
        Parser parser;
        parser.header_limit(kMaxHead);
        parser.body_limit(boost::none);  // no body is read, so its size does not matter
        stream.expires_after(request_time);
        const auto [read_error, head_size] =
            co_await http::async_read_header(stream, buffer, parser, kAsTuple);
        if (read_error && !is_bad_head(read_error)) co_return;
        Response response = read_error ? refuse_head(read_error) : answer(parser, metrics, health);
        open = response.keep_alive();
        const bool head_only = !read_error && parser.get().method() == http::verb::head;
        if (co_await send(stream, response, head_only)) co_return;
    }
    co_await close_gently(stream);
}

}  // namespace aep::telemetry
