#include "harness/sender.hpp"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "harness/eventually.hpp"

namespace aep::e2e {
namespace {

int connect_to(int type, const sockaddr* address, socklen_t size) {
    // OpenSSL writes with write(), also to connections that are gone.
    (void)std::signal(SIGPIPE, SIG_IGN);
    const int fd = ::socket(address->sa_family, type | SOCK_CLOEXEC, 0);
    const timeval limit{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(fd, address, size) != 0) {
        const int error = errno;
        ::close(fd);
        throw std::system_error{error, std::generic_category(), "connect"};
    }
    return fd;
}

int connect_ip(int type, const std::string& address) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect_to(type, reinterpret_cast<const sockaddr*>(&place), sizeof place);
}

int connect_unix(int type, const std::string& path) {
    sockaddr_un place{};
    place.sun_family = AF_UNIX;
    path.copy(place.sun_path, sizeof place.sun_path - 1);
    return connect_to(type, reinterpret_cast<const sockaddr*>(&place), sizeof place);
}

}  // namespace

Sender Sender::tcp(const std::string& address) {
    Sender sender{connect_ip(SOCK_STREAM, address)};
    const int yes = 1;  // what is sent in pieces shall arrive in pieces
    ::setsockopt(sender.fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return sender;
}

Sender Sender::udp(const std::string& address) {
    return Sender{connect_ip(SOCK_DGRAM, address)};
}

Sender Sender::unix_stream(const std::string& path) {
    return Sender{connect_unix(SOCK_STREAM, path)};
}

Sender Sender::unix_datagram(const std::string& path) {
    return Sender{connect_unix(SOCK_DGRAM, path)};
}

Sender::Sender(Sender&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)}, context_{std::move(other.context_)}, ssl_{std::move(other.ssl_)} {}

bool Sender::start_tls(const std::filesystem::path& ca_file, const Identity& identity) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_load_verify_file(context_.get(), ca_file.c_str());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    if (identity.key != nullptr) {
        SSL_CTX_use_certificate(context_.get(), identity.certificate);
        SSL_CTX_use_PrivateKey(context_.get(), identity.key);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), fd_);
    return SSL_connect(ssl_.get()) == 1;
}

bool Sender::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                                  : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void Sender::close() {
    if (fd_ < 0) return;
    if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) SSL_shutdown(ssl_.get());
    ::close(std::exchange(fd_, -1));
}

void Sender::reset() {
    (void)eventually([&] {
        int unsent = 0;
        return ::ioctl(fd_, SIOCOUTQ, &unsent) != 0 || unsent == 0;
    });
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(std::exchange(fd_, -1));
}

bool Sender::is_closed() {
    char byte = 0;
    if (ssl_) return SSL_read(ssl_.get(), &byte, 1) <= 0;
    const ssize_t got = ::recv(fd_, &byte, 1, 0);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

}  // namespace aep::e2e
