#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "source/descriptor.hpp"

namespace aep::source {

inline Descriptor connect_to(int type, const sockaddr* address, socklen_t size) {
    Descriptor fd{::socket(address->sa_family, type | SOCK_CLOEXEC, 0)};
    if (::connect(fd.get(), address, size) != 0) throw std::runtime_error{std::strerror(errno)};
    return fd;
}

/// To "127.0.0.1:PORT".
inline Descriptor connect_to(int type, const std::string& address) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect_to(type, reinterpret_cast<const sockaddr*>(&place), sizeof place);
}

/// To a unix socket.
inline Descriptor connect_to_path(int type, const std::string& path) {
    sockaddr_un place{};
    place.sun_family = AF_UNIX;
    path.copy(place.sun_path, sizeof place.sun_path - 1);
    return connect_to(type, reinterpret_cast<const sockaddr*>(&place), sizeof place);
}

/// A sender: blocking, but for 20 s at most.
class TestClient {
  public:
    explicit TestClient(Descriptor fd) : fd_{std::move(fd)} {
        const timeval limit{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    explicit TestClient(const std::string& address) : TestClient{connect_to(SOCK_STREAM, address)} {}

    /// False when the other side does not take it.
    bool send(std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// No more bytes; the connection stays.
    void finish() { ::shutdown(fd_.get(), SHUT_WR); }
    void close() { fd_.close(); }
    /// Closes it the rude way.
    void reset() {
        const linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        fd_.close();
    }
    /// The other side closes within 20 s.
    [[nodiscard]] bool is_closed() {
        char byte = 0;
        const ssize_t got = ::recv(fd_.get(), &byte, 1, 0);
        return got == 0 || (got < 0 && errno != EAGAIN);
    }
    [[nodiscard]] int fd() const { return fd_.get(); }
    /// How the other side sees it.
    [[nodiscard]] std::string name() const {
        sockaddr_in own{};
        socklen_t size = sizeof own;
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&own), &size);
        return "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
    }

  private:
    Descriptor fd_;
};

}  // namespace aep::source
