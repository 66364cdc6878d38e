#include "telemetry/server.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include "telemetry/connection.hpp"
#include "telemetry/listen_address.hpp"
#include "telemetry/log.hpp"

namespace aep::telemetry {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kPauseAfterError{100};
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

error_code bind_to(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
    error_code error;
    acceptor.close(error);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    return error;
}

// The first of the host's addresses that can be bound.
error_code bind_to(tcp::acceptor& acceptor, const ListenAddress& address) {
    tcp::resolver resolver{acceptor.get_executor()};
    error_code error;
    const auto found = resolver.resolve(address.host, std::to_string(address.port),
                                        tcp::resolver::passive | tcp::resolver::numeric_service, error);
    if (error) return error;
    for (const auto& entry : found) {
        error = bind_to(acceptor, entry.endpoint());
        if (!error) break;
    }
    return error;
}

}  // namespace

struct Server::Impl {
    Impl(const Metrics& shown_metrics, const Health& shown_health, const ServerLimits& given)
        : metrics{shown_metrics}, health{shown_health}, limits{given} {}

    ~Impl() {
        context.stop();
        if (thread.joinable()) thread.join();
    }

    void run() {
        // A handler that throws ends run(), not the process; the server goes on with the next one.
        for (bool again = true; again;) {
            try {
                context.run();
                again = false;
            } catch (const std::exception& problem) {
                log::error("telemetry_server_failed", "a request failed", {{"reason", problem.what()}});
            }
        }
    }

    asio::awaitable<void> accept_all() {
        for (;;) {
            while (connections >= limits.connections) {
                // Woken when a connection ends; newcomers wait in the kernel's backlog.
                freed.expires_at(asio::steady_timer::time_point::max());
                const auto [woken] = co_await freed.async_wait(kAsTuple);
                static_cast<void>(woken);
            }
            auto [error, socket] = co_await acceptor.async_accept(kAsTuple);
            if (error == asio::error::operation_aborted) co_return;
            if (error) {
                log::warn("telemetry_accept_failed", "cannot accept a connection, trying again",
                          {{"reason", error.message()}});
                freed.expires_after(kPauseAfterError);
                const auto [woken] = co_await freed.async_wait(kAsTuple);
                static_cast<void>(woken);
                continue;
            }
            ++connections;
            asio::co_spawn(context, serve_connection(std::move(socket), metrics, health, limits.request_time),
                           [this](const std::exception_ptr&) {
                               --connections;
                               freed.cancel();
                           });
        }
    }

    const Metrics& metrics;
    const Health& health;
    const ServerLimits limits;
    std::size_t connections = 0;  ///< on the server's thread only
    std::uint16_t port = 0;
    asio::io_context context{1};
    tcp::acceptor acceptor{context};
    asio::steady_timer freed{context};
    std::thread thread;
};

base::Result<std::unique_ptr<Server>> Server::start(const std::string& listen, const Metrics& metrics,
                                                    const Health& health, const ServerLimits& limits) {
    const base::Result<ListenAddress> address = parse_listen_address(listen);
    if (!address) return address.error();
    auto impl = std::make_unique<Impl>(metrics, health, limits);
    if (const error_code error = bind_to(impl->acceptor, *address)) {
        return base::Error{
            fmt::format("telemetry.listen: cannot listen on {}: {}; choose another host:port, or `off`",
                        listen, error.message()),
            error};
    }
    impl->port = impl->acceptor.local_endpoint().port();
    asio::co_spawn(impl->context, impl->accept_all(), [](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);  // to run(), which logs it
    });
    impl->thread = std::thread{[&running = *impl] { running.run(); }};
    return std::unique_ptr<Server>{new Server{std::move(impl)}};
}

Server::Server(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

Server::~Server() = default;

std::uint16_t Server::port() const {
    return impl_->port;
}

}  // namespace aep::telemetry
