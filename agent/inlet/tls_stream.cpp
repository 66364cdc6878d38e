#include "inlet/tls_stream.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <new>
#include <utility>

namespace aep::inlet {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

}  // namespace

TlsStream::TlsStream(tcp::socket socket, SSL_CTX& context)
    : socket_{std::move(socket)}, ssl_{SSL_new(&context)} {
    if (!ssl_) throw std::bad_alloc{};
    boost::system::error_code gone;  // the first read finds out
    socket_.native_non_blocking(true, gone);
    socket_.set_option(tcp::no_delay{true}, gone);
    if (SSL_set_fd(ssl_.get(), socket_.native_handle()) != 1) throw std::bad_alloc{};
    SSL_set_accept_state(ssl_.get());
}

asio::awaitable<bool> TlsStream::wait_for(int result) {
    const int reason = SSL_get_error(ssl_.get(), result);
    if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) co_return false;
    const auto what = reason == SSL_ERROR_WANT_READ ? tcp::socket::wait_read : tcp::socket::wait_write;
    const auto [error] = co_await socket_.async_wait(what, kAsTuple);
    co_return !error;
}

asio::awaitable<bool> TlsStream::handshake() {
    for (;;) {
        ERR_clear_error();  // SSL_get_error looks at the thread's queue, which connections share
        const int result = SSL_do_handshake(ssl_.get());
        if (result == 1) co_return true;
        const bool again = co_await wait_for(result);
        if (!again) co_return false;
    }
}

asio::awaitable<std::size_t> TlsStream::read_some(std::span<char> into) {
    for (;;) {
        ERR_clear_error();
        std::size_t size = 0;
        const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
        if (result == 1) co_return size;
        const bool again = co_await wait_for(result);
        if (!again) co_return 0;
    }
}

asio::awaitable<bool> TlsStream::write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        ERR_clear_error();
        std::size_t written = 0;
        const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
        if (result == 1) {
            bytes.remove_prefix(written);
            continue;
        }
        const bool again = co_await wait_for(result);
        if (!again) co_return false;
    }
    co_return true;
}

void TlsStream::close_writing() {
    ERR_clear_error();
    (void)SSL_shutdown(ssl_.get());
    boost::system::error_code gone;
    socket_.shutdown(tcp::socket::shutdown_send, gone);
}

void TlsStream::cancel() {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

}  // namespace aep::inlet
