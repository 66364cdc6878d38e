#include "http/dial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <tuple>
#include <utility>

#include "base/clock.hpp"
#include "http/error.hpp"
#include "http/look_up.hpp"

namespace aep::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
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

asio::awaitable<base::Result<tcp::socket>> dial(const Authority& peer, base::Millis limit,
                                                Deadline& deadline) {
    const auto endpoints = co_await look_up(peer, limit, deadline);
    if (!endpoints) co_return endpoints.error();
    const base::SteadyTime end = base::SteadyClock::now() + limit;
    base::Error last{"stopped", Errc::Stopped};
    auto left = static_cast<base::Millis::rep>(endpoints->size());
    for (const tcp::endpoint& endpoint : *endpoints) {
        if (deadline.aborted()) co_return base::Error{"stopped", Errc::Stopped};
        // What earlier ones did not use is there for the later ones.
        const auto rest = std::chrono::ceil<base::Millis>(end - base::SteadyClock::now());
        const base::Millis share = std::max(base::Millis{1}, rest / left--);
        base::Result<tcp::socket> socket = co_await connect_to(endpoint, share, deadline);
        if (socket) co_return std::move(*socket);
        last = socket.error();
    }
    co_return last;
}

}  // namespace aep::http
