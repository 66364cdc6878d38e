#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <span>
#include <string_view>

#include "inlet/openssl_ptr.hpp"

namespace aep::inlet {

/// The server's end of a TLS connection: OpenSSL on the non-blocking socket, Asio only to wait for it.
/// Confined to the inlet's thread, where SIGPIPE is blocked (OpenSSL writes with write()).
class TlsStream {
  public:
    TlsStream(boost::asio::ip::tcp::socket socket, SSL_CTX& context);

    [[nodiscard]] boost::asio::awaitable<bool> handshake();
    /// How many bytes came; 0 at the end of the stream, on an error, and after cancel().
    [[nodiscard]] boost::asio::awaitable<std::size_t> read_some(std::span<char> into);
    /// False when the peer is gone or cancel() was called.
    [[nodiscard]] boost::asio::awaitable<bool> write_all(std::string_view bytes);
    /// Says that nothing more will be written; reading goes on.
    void close_writing();
    /// Ends the wait that is under way.
    void cancel();
    [[nodiscard]] boost::asio::any_io_executor executor() { return socket_.get_executor(); }

  private:
    /// Waits for what OpenSSL asked for after `result`; false when there is nothing to wait for.
    [[nodiscard]] boost::asio::awaitable<bool> wait_for(int result);

    boost::asio::ip::tcp::socket socket_;
    SslPtr ssl_;
};

}  // namespace aep::inlet
