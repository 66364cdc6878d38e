#include "http/dial.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <vector>

#include "http/error.hpp"

namespace aep::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Endpoints = std::vector<tcp::endpoint>;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMostAddresses = 8;

asio::awaitable<base::Result<Endpoints>> look_up(const Url& peer, base::Millis limit, Deadline& deadline) {
    Endpoints endpoints;
    if (peer.is_address) {
        endpoints.emplace_back(asio::ip::make_address(peer.host), peer.port);
        co_return endpoints;
    }
    tcp::resolver resolver{co_await asio::this_coro::executor};
    const Deadline::Step step = deadline.begin(limit, [&resolver] { resolver.cancel(); });
    const std::string port = std::to_string(peer.port);
    const auto [error, found] =
        co_await resolver.async_resolve(peer.host, port, tcp::resolver::numeric_service, kAsTuple);
    if (deadline.passed()) {
        co_return base::Error{fmt::format("timed out after {} while looking {} up; check the name servers",
                                          base::format_duration(limit), peer.host),
                              Errc::LookUp};
    }
    if (error) {
        co_return base::Error{fmt::format("{} cannot be looked up: {}", peer.host, error.message()),
                              Errc::LookUp};
    }
    for (const auto& entry : found) {
        if (endpoints.size() < kMostAddresses) endpoints.push_back(entry.endpoint());
    }
    co_return endpoints;
}

std::string text_of(const tcp::endpoint& endpoint) {
    const std::string address = endpoint.address().to_string();
    return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                      : fmt::format("{}:{}", address, endpoint.port());
}

base::Error cannot_connect(const tcp::endpoint& endpoint, const std::string& why) {
    return {fmt::format("cannot connect to {}: {}", text_of(endpoint), why), Errc::Connect};
}

asio::awaitable<base::Result<tcp::socket>> connect_to(tcp::endpoint endpoint, base::Millis limit,
                                                      Deadline& deadline) {
    tcp::socket socket{co_await asio::this_coro::executor};
    boost::system::error_code error;
    socket.open(endpoint.protocol(), error);
    if (error) co_return cannot_connect(endpoint, error.message());
    const Deadline::Step step = deadline.begin(limit, [&socket] {
        boost::system::error_code ignored;
        socket.close(ignored);
    });
    std::tie(error) = co_await socket.async_connect(endpoint, kAsTuple);
    if (deadline.passed()) {
        co_return cannot_connect(endpoint, fmt::format("timed out after {}", base::format_duration(limit)));
    }
    if (error) co_return cannot_connect(endpoint, error.message());
    socket.set_option(tcp::no_delay{true}, error);
    socket.set_option(tcp::socket::keep_alive{true}, error);
    co_return socket;
}

}  // namespace

asio::awaitable<base::Result<tcp::socket>> dial(const Url& peer, base::Millis limit, Deadline& deadline) {
    const base::Result<Endpoints> endpoints = co_await look_up(peer, limit, deadline);
    if (!endpoints) co_return endpoints.error();
    base::Error last{fmt::format("{} has no address", peer.host), Errc::LookUp};
    for (const tcp::endpoint& endpoint : *endpoints) {
        if (deadline.aborted()) co_return base::Error{"stopped", Errc::Stopped};
        base::Result<tcp::socket> socket = co_await connect_to(endpoint, limit, deadline);
        if (socket) co_return std::move(*socket);
        last = socket.error();
    }
    co_return last;
}

}  // namespace aep::http
