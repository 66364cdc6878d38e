#include "source/connection_source.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <limits>
#include <utility>

#include "base/result.hpp"
#include "source/peer_name.hpp"
#include "telemetry/log.hpp"

namespace aep::source {
namespace {

namespace log = telemetry::log;
using namespace std::chrono_literals;
using base::SteadyClock;

constexpr std::chrono::seconds kHouseKeeping{1};
constexpr std::chrono::seconds kAcceptPause{1};
constexpr int kAcceptedAtOnce = 64;
constexpr rlim_t kSparedDescriptors = 16;
/// A round that had this much to read needs no gathering before the next.
constexpr std::size_t kBusyRound = std::size_t{64} << 10U;

Descriptor new_epoll() {
    Descriptor epoll{::epoll_create1(EPOLL_CLOEXEC)};
    if (!epoll.is_open()) throw std::system_error{errno, std::generic_category(), "epoll_create1"};
    return epoll;
}

/// What connections may use. The rest is for what delivers their records, or else nothing would ever end.
int connection_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<int>::max();
    const rlim_t allowed = std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<int>::max());
    return static_cast<int>(allowed - std::min<rlim_t>(kSparedDescriptors, allowed / 8));
}

std::string peer_of(int fd, const sockaddr_storage& address) {
    if (address.ss_family == AF_INET || address.ss_family == AF_INET6) return name_of(address);
    ucred process{};
    socklen_t size = sizeof process;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &process, &size) != 0) return "unknown";
    return name_of(process);
}

/// OpenSSL writes with write(), which signals where the peer has gone.
void block_sigpipe() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

}  // namespace

base::Result<std::unique_ptr<Source>> ConnectionSource::open(const SourceOptions& options,
                                                             const Surroundings& surroundings) {
    SslContextPtr tls;
    if (!options.tls.cert_file.empty()) {
        auto made = make_server_tls(options.tls);
        if (!made) return base::Error{fmt::format("source '{}': {}", options.id, made.error().message)};
        tls = std::move(*made);
    }
    auto listener = ListeningSocket::open(options);
    if (!listener) return listener.error();
    return std::unique_ptr<Source>{std::make_unique<ConnectionSource>(
        options, surroundings, std::move(*listener), std::move(tls), Times{})};
}

ConnectionSource::ConnectionSource(const SourceOptions& options, const Surroundings& surroundings,
                                   ListeningSocket listener, SslContextPtr tls, Times times)
    : SourceBase{options, surroundings, {}},
      listener_{std::move(listener)},
      tls_{std::move(tls)},
      times_{times},
      metrics_{options, surroundings.metrics},
      epoll_{new_epoll()},
      most_descriptors_{connection_descriptors()} {
    intake_.on_crowd([this] { relieve(); });
    if (!watch(listener_.fd())) throw std::system_error{errno, std::generic_category(), "epoll_ctl"};
    log::info("listening", "ready for connections",
              {{"source", options_.id}, {"address", listener_.address()}, {"tls", tls_ ? "on" : "off"}});
}

void ConnectionSource::run(const std::stop_token& stop) {
    block_sigpipe();
    while (!stop.stop_requested()) {
        if (due_.empty()) wait();
        now_ = SteadyClock::now();
        take_events();
        read_round(stop);
        resume_paused();
        if (now_ >= next_house_keeping_) keep_house(stop);
    }
    drain(stop);
}

/// Woken by the first bytes, a little longer for those that follow: one read then serves them all.
void ConnectionSource::wait() {
    if (wake_.wait(epoll_.get(), kHouseKeeping) && last_round_ < kBusyRound) wake_.wait(-1, options_.gather);
}

void ConnectionSource::take_events() {
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    bool newcomers = false;
    for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == listener_.fd()) {
            newcomers = true;
        } else if (std::find(due_.begin(), due_.end(), fd) == due_.end()) {
            due_.push_back(fd);
        }
    }
    if (newcomers) accept_some();
}

void ConnectionSource::accept_some() {
    for (int i = 0; i < kAcceptedAtOnce; ++i) {
        if (!accept_one()) return;
    }
}

bool ConnectionSource::accept_one() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Descriptor fd{::accept4(listener_.fd(), reinterpret_cast<sockaddr*>(&address), &size,
                            SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!fd.is_open()) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) accept_failed(errno);
        return false;
    }
    // The lowest free number is given: few are left.
    if (fd.get() >= most_descriptors_) {
        accept_failed(EMFILE);
        return false;
    }
    std::string peer = peer_of(fd.get(), address);
    if (connections_.size() >= options_.max_connections) {
        metrics_.refused(peer);
    } else {
        welcome(std::move(fd), std::move(peer));
    }
    return true;
}

/// Without a descriptor to spare the same newcomer would be announced again and again.
void ConnectionSource::accept_failed(int error) {
    log::warn("accept_failed", "cannot accept a connection, trying again; raise the limit on open files?",
              {{"source", options_.id}, {"error", base::system_message(error)}});
    unwatch(listener_.fd());
    accepting_ = false;
    accept_again_ = now_ + kAcceptPause;
}

void ConnectionSource::welcome(Descriptor fd, std::string peer) {
    const int number = fd.get();
    // An urgent byte would hide what follows it.
    const int yes = 1;
    (void)::setsockopt(number, SOL_SOCKET, SO_OOBINLINE, &yes, sizeof yes);
    if (!watch(number)) return accept_failed(errno);
    connections_[number] = std::make_unique<Connection>(PeerSocket{std::move(fd), tls_.get()},
                                                        std::move(peer), options_, intake_, readers_, now_);
    metrics_.opened();
}

void ConnectionSource::read_round(const std::stop_token& stop) {
    last_round_ = 0;
    for (const int fd : std::exchange(due_, {})) {
        if (stop.stop_requested()) return;
        const auto found = connections_.find(fd);
        if (found != connections_.end() && !found->second->paused) read_one(*found->second, stop);
    }
}

void ConnectionSource::read_one(Connection& connection, const std::stop_token& stop) {
    const std::size_t allowance = long_records_.allowance(connection);
    if (allowance == 0) {
        unwatch(connection.fd());
        connection.paused = true;
        paused_.push_back(connection.fd());
        return;
    }
    const std::uint64_t before = connection.position();
    busy_ = &connection;
    const Connection::Step step = connection.read(allowance, now_, stop);
    busy_ = nullptr;
    last_round_ += connection.position() - before;
    if (step == Connection::Step::Ended) return bury(connection);
    long_records_.note(connection, now_);
    if (step == Connection::Step::More) due_.push_back(connection.fd());
}

void ConnectionSource::resume_paused() {
    std::erase_if(paused_, [this](int fd) {
        Connection& connection = *connections_.at(fd);
        if (long_records_.allowance(connection) == 0 || !watch(fd)) return false;
        connection.paused = false;
        return true;
    });
}

void ConnectionSource::keep_house(const std::stop_token& stop) {
    next_house_keeping_ = now_ + kHouseKeeping;
    if (!accepting_ && now_ >= accept_again_) {
        accepting_ = watch(listener_.fd());
    }
    std::vector<int> overdue;
    for (const auto& [fd, connection] : connections_) {
        if (is_overdue(*connection)) overdue.push_back(fd);
    }
    for (const int fd : overdue) {
        const auto found = connections_.find(fd);
        if (found == connections_.end()) continue;  // relieve() was quicker
        Connection& connection = *found->second;
        end(connection, connection.is_ready() ? Connection::End::Idle : Connection::End::Handshake, stop);
    }
    if (!paused_.empty()) {
        Connection* stalled = long_records_.stalled(now_ - times_.long_record);
        // What waits to be read may be the end of it.
        if (stalled != nullptr && stalled->available() == 0) end(*stalled, Connection::End::Stalled, stop);
    }
    readers_.prune();
}

/// Nothing can be read any more, of none of the sources of this memory, until some of those that have not
/// ended their records are given up: those that were silent for the longest.
void ConnectionSource::relieve() {
    const base::SteadyTime latest = SteadyClock::now() - times_.long_record;
    std::vector<Connection*> silent;
    for (const auto& [fd, connection] : connections_) {
        const bool is_silent = connection->holds_a_part() && connection->last_read() <= latest;
        if (is_silent && connection.get() != busy_) silent.push_back(connection.get());
    }
    std::ranges::sort(silent, {}, &Connection::last_read);
    for (Connection* connection : silent) {
        if (!intake_.crowded()) return;
        connection->conclude(Connection::End::Stalled, {});
        bury(*connection);
    }
}

bool ConnectionSource::is_overdue(const Connection& connection) const {
    const auto silence = now_ - connection.last_read();
    const std::chrono::nanoseconds most =
        connection.is_ready() ? std::chrono::nanoseconds{options_.idle_timeout} : times_.handshake;
    if (most.count() == 0 || connection.paused) return false;
    return silence > most && connection.available() == 0;
}

void ConnectionSource::end(Connection& connection, Connection::End why, const std::stop_token& stop) {
    busy_ = &connection;
    connection.conclude(why, stop);
    busy_ = nullptr;
    bury(connection);
}

void ConnectionSource::bury(Connection& connection) {
    metrics_.ended(connection);
    count_lost(connection.lost());
    long_records_.forget(connection);
    std::erase(paused_, connection.fd());
    std::erase(due_, connection.fd());
    connections_.erase(connection.fd());  // closes it, and so it is not watched any more
}

/// What has arrived until now is read, as far as there is memory for it.
void ConnectionSource::drain(const std::stop_token& stop) {
    if (accepting_) accept_some();
    listener_.close();
    now_ = SteadyClock::now();
    while (!connections_.empty()) {
        Connection& connection = *connections_.begin()->second;
        const std::uint64_t until = connection.position() + connection.available();
        Connection::Step step = Connection::Step::Read;
        // Once more where all has been read: the end may stand behind it.
        while (step == Connection::Step::More ||
               (step == Connection::Step::Read && connection.position() <= until)) {
            step = connection.read(std::numeric_limits<std::size_t>::max(), now_, stop);
        }
        if (step == Connection::Step::Ended) {
            bury(connection);
        } else {
            end(connection, Connection::End::Stopped, stop);
        }
    }
}

/// False, with errno: the system watches no more.
bool ConnectionSource::watch(int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void ConnectionSource::unwatch(int fd) const {
    (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

}  // namespace aep::source
