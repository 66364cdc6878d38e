#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

/// A TCP server in clear, one connection after the other on one thread: for tests that play a proxy.
namespace aep::http {

class PlainSession {
  public:
    explicit PlainSession(int descriptor) : descriptor_{descriptor} {
        const timeval bound{.tv_sec = 20, .tv_usec = 0};  // a test that hangs fails instead
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
    }
    ~PlainSession() { ::close(descriptor_); }
    PlainSession(const PlainSession&) = delete;
    PlainSession& operator=(const PlainSession&) = delete;

    /// Up to the blank line.
    std::string read_head() {
        std::string head;
        char c = 0;
        while (!head.ends_with("\r\n\r\n") && ::recv(descriptor_, &c, 1, 0) == 1) head += c;
        return head;
    }
    void write(std::string_view bytes) { ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
    void wait_for_end() {
        std::array<char, 4096> ignored{};
        while (::recv(descriptor_, ignored.data(), ignored.size(), 0) > 0) {
        }
    }
    /// Carries bytes both ways between the client and a port of this host, until either end closes.
    void relay(std::uint16_t port) {
        const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = htons(port);
        bool open = ::connect(other, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
        while (open) {
            std::array<pollfd, 2> ends{pollfd{descriptor_, POLLIN, 0}, pollfd{other, POLLIN, 0}};
            open = ::poll(ends.data(), ends.size(), 20'000) > 0;
            if (open && ends[0].revents != 0) open = carry(descriptor_, other);
            if (open && ends[1].revents != 0) open = carry(other, descriptor_);
        }
        ::close(other);
    }

  private:
    static bool carry(int from, int to) {
        std::array<char, 65536> buffer{};
        const ssize_t size = ::recv(from, buffer.data(), buffer.size(), 0);
        for (ssize_t sent = 0; sent < size;) {
            const ssize_t more =
                ::send(to, buffer.data() + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
            if (more <= 0) return false;
            sent += more;
        }
        return size > 0;
    }

    const int descriptor_;
};

class PlainServer {
  public:
    using Serve = std::function<void(PlainSession&)>;

    explicit PlainServer(Serve serve) : serve_{std::move(serve)} {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0 ||
            ::getsockname(listener_, generic, &size) != 0) {
            throw std::runtime_error{"the test proxy cannot listen"};
        }
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this] { run(); }};
    }
    /// The client has closed its connection by then, or the session's own bounds end it.
    ~PlainServer() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    PlainServer(const PlainServer&) = delete;
    PlainServer& operator=(const PlainServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    void run() {
        for (;;) {
            const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (descriptor < 0) return;
            PlainSession session{descriptor};
            serve_(session);
        }
    }

    const Serve serve_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

}  // namespace aep::http
