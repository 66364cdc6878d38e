#include "inlet/inlet.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <csignal>
#include <exception>
#include <list>
#include <thread>
#include <utility>

#include "inlet/certificates.hpp"
#include "inlet/connection.hpp"
#include "inlet/counters.hpp"
#include "inlet/entities.hpp"
#include "inlet/fault.hpp"
#include "inlet/listener.hpp"
#include "inlet/service.hpp"
#include "inlet/traffic_log.hpp"
#include "inlet/write_file.hpp"

namespace aep::inlet {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::milliseconds kPauseAfterError{100};
constexpr std::chrono::milliseconds kLookAtTimes{500};
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

base::Error wrong_file(std::string_view what, const base::Error& reason) {
    return base::Error{
        fmt::format("{}: {}; choose a file in a directory that can be written", what, reason.message),
        reason.code};
}

/// Signals belong to the program's own threads; and OpenSSL's write() must not end the program when a client
/// is gone.
void block_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

struct Inlet::Impl {
    Impl(const InletOptions& given, Identity proof, SslContextPtr tls_context,
         std::unique_ptr<Entities> store)
        : options{given},
          identity{std::move(proof)},
          ca_pem{to_pem(*identity.ca)},
          tls{std::move(tls_context)},
          entities{std::move(store)},
          fault{given.faults} {}
    ~Impl() { stop(); }

    void stop() {
        context.stop();
        if (thread.joinable()) thread.join();
    }

    void run();
    void begin(tcp::socket socket);
    void keep_accepting();
    asio::awaitable<void> accept_all();
    asio::awaitable<void> look_at_times();
    asio::awaitable<void> wait_for_room();

    const InletOptions options;
    const Identity identity;
    const std::string ca_pem;
    const SslContextPtr tls;
    const std::unique_ptr<Entities> entities;
    Counters counters;
    FaultControl fault;
    TrafficLog traffic;
    Service service{options, fault, *entities, counters, traffic};
    asio::io_context context{1};
    // Behind the context, so that their sockets and timers go before it.
    std::list<Connection> connections;
    tcp::acceptor acceptor{context};
    asio::steady_timer freed{context};
    asio::steady_timer look{context};
    std::uint16_t port = 0;
    std::thread thread;
};

void Inlet::Impl::run() {
    block_signals();
    // A handler that throws (no memory) ends run(), not the process; the inlet goes on with the next one.
    for (bool again = true; again;) {
        try {
            context.run();
            again = false;
        } catch (const std::exception&) {
            again = true;
        }
    }
}

void Inlet::Impl::begin(tcp::socket socket) {
    ++counters.connections;
    const auto connection = connections.emplace(connections.end(), std::move(socket), *tls, service);
    asio::co_spawn(context, connection->run(), [this, connection](const std::exception_ptr&) {
        connections.erase(connection);
        freed.cancel();
    });
}

asio::awaitable<void> Inlet::Impl::wait_for_room() {
    while (connections.size() >= options.max_connections) {
        freed.expires_at(asio::steady_timer::time_point::max());
        const auto [woken] = co_await freed.async_wait(kAsTuple);
        static_cast<void>(woken);
    }
}

asio::awaitable<void> Inlet::Impl::accept_all() {
    for (;;) {
        co_await wait_for_room();
        auto [error, socket] = co_await acceptor.async_accept(kAsTuple);
        if (!error) {
            begin(std::move(socket));
            continue;
        }
        freed.expires_after(kPauseAfterError);  // no file descriptors, most likely
        const auto [woken] = co_await freed.async_wait(kAsTuple);
        static_cast<void>(woken);
    }
}

void Inlet::Impl::keep_accepting() {
    // It ends only when there is no memory for a connection: that one is lost, the next ones are not.
    asio::co_spawn(context, accept_all(), [this](const std::exception_ptr&) { keep_accepting(); });
}

asio::awaitable<void> Inlet::Impl::look_at_times() {
    for (;;) {
        look.expires_after(kLookAtTimes);
        const auto [error] = co_await look.async_wait(kAsTuple);
        if (error) co_return;
        for (Connection& connection : connections) connection.check_time(base::SteadyClock::now());
    }
}

base::Result<std::unique_ptr<Inlet>> Inlet::start(const InletOptions& options) {
    auto identity = options.identity_file.empty()
                        ? make_identity(options.host_name)
                        : load_or_make_identity(options.identity_file, options.host_name);
    if (!identity) return identity.error();
    auto tls = make_tls_context(*identity, options.client_ca_file);
    if (!tls) return tls.error();
    auto entities = Entities::open(options.entities_file, options.keep);
    if (!entities) return wrong_file("entities file", entities.error());
    auto impl = std::make_unique<Impl>(options, std::move(*identity), std::move(*tls), std::move(*entities));

    auto acceptor = listen_on(impl->context.get_executor(), options.listen);
    if (!acceptor) return acceptor.error();
    impl->acceptor = std::move(*acceptor);
    impl->port = impl->acceptor.local_endpoint().port();
    if (!options.ca_file.empty()) {
        const auto written = write_file_atomically(options.ca_file, impl->ca_pem, 0644);
        if (!written) return wrong_file("CA file", written.error());
    }
    const auto rethrow = [](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);
    };
    impl->keep_accepting();
    asio::co_spawn(impl->context, impl->look_at_times(), rethrow);
    impl->thread = std::thread{[&running = *impl] { running.run(); }};
    return std::unique_ptr<Inlet>{new Inlet{std::move(impl)}};
}

Inlet::Inlet(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

Inlet::~Inlet() = default;

std::uint16_t Inlet::port() const {
    return impl_->port;
}

Inlet::Stats Inlet::stats() const {
    Stats stats;
    stats.requests = impl_->counters.requests;
    stats.accepted = impl_->counters.accepted;
    stats.refused = impl_->counters.refused;
    stats.messages = stats.accepted + stats.refused;
    stats.connections = impl_->counters.connections;
    return stats;
}

const std::string& Inlet::ca_pem() const {
    return impl_->ca_pem;
}

void Inlet::set_faults(const std::vector<FaultRule>& rules) {
    impl_->fault.set(rules);
}

void Inlet::stop() {
    impl_->stop();
}

}  // namespace aep::inlet
