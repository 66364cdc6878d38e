#include "source/peer_socket.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <new>
#include <utility>

#include "base/result.hpp"

namespace aep::source {

PeerSocket::PeerSocket(Descriptor fd, SSL_CTX* tls) : fd_{std::move(fd)}, ready_{tls == nullptr} {
    if (tls == nullptr) return;
    ssl_.reset(SSL_new(tls));
    if (!ssl_ || SSL_set_fd(ssl_.get(), fd_.get()) != 1) throw std::bad_alloc{};
    SSL_set_accept_state(ssl_.get());
}

PeerSocket::Outcome PeerSocket::shake_hands() {
    ERR_clear_error();  // SSL_get_error looks at the thread's queue, which connections share
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
        ready_ = true;
        return Outcome::Data;
    }
    const long verdict = SSL_get_verify_result(ssl_.get());
    const Outcome outcome = outcome_of(result);
    if (outcome == Outcome::End) return broken("the peer closed the connection");
    if (outcome == Outcome::Broken && verdict != X509_V_OK) {
        error_ = fmt::format("{}: {}", error_, X509_verify_cert_error_string(verdict));
    }
    return outcome;
}

std::size_t PeerSocket::available() const {
    int waiting = 0;
    if (::ioctl(fd_.get(), FIONREAD, &waiting) != 0 || waiting < 0) waiting = 0;
    const int held = ssl_ ? SSL_pending(ssl_.get()) : 0;
    return static_cast<std::size_t>(waiting) + static_cast<std::size_t>(held);
}

PeerSocket::Outcome PeerSocket::look() {
    char byte = 0;
    std::size_t got = 0;
    if (!ssl_) return read_plain(&byte, 1, MSG_PEEK, got);
    ERR_clear_error();
    const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
    return result == 1 ? Outcome::Data : outcome_of(result);
}

PeerSocket::Outcome PeerSocket::read(char* bytes, std::size_t size, std::size_t& got) {
    if (!ssl_) return read_plain(bytes, size, 0, got);
    // One call gives one TLS record, of 16 KiB at most.
    got = 0;
    while (got < size) {
        ERR_clear_error();
        std::size_t more = 0;
        const int result = SSL_read_ex(ssl_.get(), bytes + got, size - got, &more);
        if (result != 1) {
            const Outcome outcome = outcome_of(result);
            // An end that comes with bytes before it is seen again by the next call.
            return got > 0 ? Outcome::Data : outcome;
        }
        got += more;
    }
    return Outcome::Data;
}

PeerSocket::Outcome PeerSocket::read_plain(char* bytes, std::size_t size, int flags, std::size_t& got) {
    const ssize_t count = ::recv(fd_.get(), bytes, size, flags | MSG_DONTWAIT);
    if (count > 0) {
        got = static_cast<std::size_t>(count);
        return Outcome::Data;
    }
    if (count == 0) return Outcome::End;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return Outcome::Nothing;
    return broken(base::system_message(errno));
}

PeerSocket::Outcome PeerSocket::outcome_of(int result) {
    const int system_error = errno;
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:  // its time is bounded, and what we have to say is short
            return Outcome::Nothing;
        case SSL_ERROR_ZERO_RETURN:
            return Outcome::End;
        case SSL_ERROR_SYSCALL:
            return broken(system_error != 0 ? base::system_message(system_error) : "unexpected end");
        default:
            return broken(take_openssl_error());
    }
}

PeerSocket::Outcome PeerSocket::broken(std::string error) {
    error_ = std::move(error);
    return Outcome::Broken;
}

}  // namespace aep::source
