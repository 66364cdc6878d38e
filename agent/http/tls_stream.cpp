#include "http/tls_stream.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/result.hpp"
#include "http/error.hpp"
#include "http/tls_error.hpp"

namespace aep::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

/// Fifteen full records: with what TLS adds to them they fit the Wire's buffer.
constexpr std::size_t kEncryptedAhead = std::size_t{15} * SSL3_RT_MAX_PLAIN_LENGTH;

}  // namespace

TlsStream::TlsStream(tcp::socket socket, TlsContext& context)
    : socket_{std::move(socket)}, wire_{socket_.native_handle()}, ssl_{context.make_ssl()} {
    boost::system::error_code gone;  // the first step finds out
    socket_.native_non_blocking(true, gone);
    BIO* bio = wire_.make_bio().release();
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_connect_state(ssl_.get());
}

TlsStream::~TlsStream() {
    if (socket_.is_open() && !wire_.has_unsent()) {
        ERR_clear_error();
        if (SSL_shutdown(ssl_.get()) >= 0) (void)wire_.send();
        ERR_clear_error();
    }
    // Else OpenSSL would not resume the session of a connection that was cut; since TLS 1.1 it may.
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void TlsStream::cut() {
    wire_.detach();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

base::Error TlsStream::closed(std::string_view doing) const {
    if (const auto refusal = take_refusal()) return *refusal;
    const std::string words = wire_.last_error() != 0 ? base::system_message(wire_.last_error())
                                                      : std::string{"the peer broke the connection off"};
    return {fmt::format("{} while {}", words, doing), Errc::Closed};
}

base::Result<void> TlsStream::expect(const Authority& peer) {
    X509_VERIFY_PARAM* param = SSL_get0_param(ssl_.get());
    bool good = false;
    if (peer.is_address) {
        good = X509_VERIFY_PARAM_set1_ip_asc(param, peer.host.c_str()) == 1;
    } else {
        X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        good = SSL_set_tlsext_host_name(ssl_.get(), peer.host.c_str()) == 1 &&
               X509_VERIFY_PARAM_set1_host(param, peer.host.c_str(), peer.host.size()) == 1;
    }
    if (good) return {};
    return base::Error{fmt::format("TLS cannot check the host name {}: {}", peer.host, take_tls_error()),
                       Errc::Handshake};
}

asio::awaitable<base::Result<void>> TlsStream::handshake(const Authority& peer) {
    if (auto expected = expect(peer); !expected) co_return expected.error();
    for (;;) {
        ERR_clear_error();  // SSL_get_error looks at the thread's queue, which connections share
        const int result = SSL_do_handshake(ssl_.get());
        const int reason = SSL_get_error(ssl_.get(), result);
        if (result != 1 && reason != SSL_ERROR_WANT_READ) {
            (void)wire_.send();  // the alert that tells the peer why
            co_return handshake_error(*ssl_, reason, wire_.last_error(), peer.host);
        }
        const base::Result<bool> sent = co_await send_gathered();
        if (!sent) co_return base::Error{sent.error().message, Errc::Handshake};
        if (result == 1) co_return base::Result<void>{};
        const bool readable = co_await wait_readable();
        if (!readable) co_return base::Error{"the TLS handshake was broken off", Errc::Handshake};
    }
}

std::optional<std::size_t> TlsStream::encrypt(std::string_view bytes, std::size_t most) {
    const std::size_t size = std::min(bytes.size(), most);
    if (size == 0) return 0;
    ERR_clear_error();
    std::size_t taken = 0;
    if (SSL_write_ex(ssl_.get(), bytes.data(), size, &taken) != 1) return std::nullopt;
    return taken;
}

asio::awaitable<base::Result<TlsStream::Written>> TlsStream::write_some(std::string_view head,
                                                                        std::string_view body) {
    Written written;
    if (!wire_.has_unsent()) {
        const auto of_head = encrypt(head, kEncryptedAhead);
        if (!of_head) co_return closed("sending the request");
        const auto of_body = encrypt(body, kEncryptedAhead - *of_head);
        if (!of_body) co_return closed("sending the request");
        written.head = *of_head;
        written.body = *of_body;
    }
    const base::Result<bool> sent = co_await send_gathered();
    if (!sent) co_return sent.error();
    written.interrupted = !*sent;
    co_return written;
}

/// False: interrupted, something is left.
asio::awaitable<base::Result<bool>> TlsStream::send_gathered() {
    for (;;) {
        const Wire::Sent sent = wire_.send();
        if (sent == Wire::Sent::All) co_return true;
        if (sent == Wire::Sent::Failed) co_return closed("sending the request");
        // A peer that does not read on may have answered already, and will never read on.
        if (SSL_is_init_finished(ssl_.get()) == 1 && has_news()) co_return false;
        co_await wait_ready();
    }
}

asio::awaitable<base::Result<std::size_t>> TlsStream::read_some(std::span<char> into) {
    for (;;) {
        ERR_clear_error();
        std::size_t size = 0;
        const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
        if (result == 1) co_return size;
        const int reason = SSL_get_error(ssl_.get(), result);
        if (reason == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
        if (reason != SSL_ERROR_WANT_READ) co_return closed("reading the answer");
        (void)wire_.send();  // reading may have made an answer to a key update
        const bool readable = co_await wait_readable();
        if (!readable) co_return closed("waiting for the answer");
    }
}

bool TlsStream::has_news() {
    ERR_clear_error();
    char byte = 0;
    std::size_t size = 0;
    // Peeking also takes in session tickets, which come after the handshake and are no news.
    const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &size);
    return result == 1 || SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ;
}

asio::awaitable<bool> TlsStream::wait_readable() {
    const auto [error] = co_await socket_.async_wait(tcp::socket::wait_read, kAsTuple);
    co_return !error;
}

asio::awaitable<void> TlsStream::wait_ready() {
    auto either =
        asio::experimental::make_parallel_group(socket_.async_wait(tcp::socket::wait_write, asio::deferred),
                                                socket_.async_wait(tcp::socket::wait_read, asio::deferred));
    co_await std::move(either).async_wait(asio::experimental::wait_for_one(), kAsTuple);
}

}  // namespace aep::http
