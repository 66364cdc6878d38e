#include "http/tunnel.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <string>

#include "base/version.hpp"
#include "http/answer_reader.hpp"
#include "http/error.hpp"

namespace aep::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

std::string request_of(const Proxy& proxy, const Authority& peer) {
    std::string head = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: aep-agent/{1}\r\n",
                                   peer.to_string(), base::kVersion);
    if (!proxy.authorization.empty()) head += "Proxy-Authorization: " + proxy.authorization + "\r\n";
    return head + "\r\n";
}

base::Error refused(const Proxy& proxy, const Authority& peer, const std::string& why) {
    return {
        fmt::format("the proxy {} does not lead to {}: {}", proxy.host.to_string(), peer.to_string(), why),
        Errc::Proxy};
}

std::string advice(int status) {
    switch (status) {
        case 403:
            return "it answers 403; allow that host and port there, or set `proxy: none`";
        case 407:
            return "it answers 407; check the user and password in the proxy's URL";
        case 502:
        case 503:
        case 504:
            return fmt::format("it answers {}; it cannot reach that host", status);
        default:
            return fmt::format("it answers {}", status);
    }
}

asio::awaitable<base::Result<int>> ask(tcp::socket& socket, const std::string& request) {
    const auto [unsent, size] = co_await asio::async_write(socket, asio::buffer(request), kAsTuple);
    AnswerReader reader{AnswerReader::Body::None};
    std::array<char, 4096> buffer{};
    // Also where sending failed: it may have said why before it closed.
    while (!reader.done()) {
        const auto [error, read] = co_await socket.async_read_some(asio::buffer(buffer), kAsTuple);
        if (error)
            co_return base::Error{unsent || error != asio::error::eof
                                      ? (unsent ? unsent : error).message()
                                      : "it closed the connection without an answer"};
        const base::Result<void> fed = reader.feed({buffer.data(), read});
        if (!fed) co_return fed.error();
    }
    co_return reader.take().status;
}

}  // namespace

asio::awaitable<base::Result<void>> open_tunnel(tcp::socket& socket, const Proxy& proxy,
                                                const Authority& peer, base::Millis limit,
                                                Deadline& deadline) {
    const std::string request = request_of(proxy, peer);
    const Deadline::Step step = deadline.begin(limit, [&socket] {
        boost::system::error_code ignored;
        socket.close(ignored);
    });
    const base::Result<int> status = co_await ask(socket, request);
    if (deadline.aborted()) co_return base::Error{"stopped", Errc::Stopped};
    if (deadline.passed()) {
        co_return refused(proxy, peer, fmt::format("no answer within {}", base::format_duration(limit)));
    }
    if (!status) co_return refused(proxy, peer, status.error().message);
    if (*status / 100 != 2) co_return refused(proxy, peer, advice(*status));
    co_return base::Result<void>{};
}

}  // namespace aep::http
