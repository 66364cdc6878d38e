#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/tls_context.hpp"
#include "http/url.hpp"
#include "http/wire.hpp"

namespace aep::http {

/// The client's end of a TLS connection: OpenSSL on a non-blocking socket, Asio only to wait for it. Made for
/// large requests: encrypts up to 240 KiB ahead and hands that to the kernel at once. Holds about 300 KiB.
/// Confined to the executor of its socket. It knows no deadlines: cut() ends whatever is under way.
class TlsStream {
  public:
    TlsStream(boost::asio::ip::tcp::socket socket, TlsContext& context);
    /// Says goodbye (close_notify) where that does not need waiting.
    ~TlsStream();
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;

    /// Proves that the peer is `peer.host`. Errors: Certificate, TlsRefused, Handshake.
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> handshake(const Authority& peer);

    struct Written {
        std::size_t head = 0;      ///< bytes taken from the front of `head`
        std::size_t body = 0;      ///< and of `body`
        bool interrupted = false;  ///< the peer has something to say (or has gone): read before writing on
    };
    /// Takes some bytes and sends all that it has taken, unless interrupted: then the rest goes with the next
    /// call, which may be one with no bytes. `head` goes first; both leave the host as one. Errors: Closed.
    [[nodiscard]] boost::asio::awaitable<base::Result<Written>> write_some(std::string_view head,
                                                                           std::string_view body);
    [[nodiscard]] bool has_unsent() const { return wire_.has_unsent(); }

    /// How many bytes came; 0 at the end of the stream. Errors: Closed, TlsRefused.
    [[nodiscard]] boost::asio::awaitable<base::Result<std::size_t>> read_some(std::span<char> into);

    /// Whether read_some() would return at once, with bytes, the end or an error. Does not wait.
    [[nodiscard]] bool has_news();

    /// Closes the socket; what waits, and all that follows, fails.
    void cut();

  private:
    [[nodiscard]] boost::asio::awaitable<base::Result<bool>> send_gathered();
    [[nodiscard]] boost::asio::awaitable<bool> wait_readable();
    [[nodiscard]] boost::asio::awaitable<void> wait_ready();
    [[nodiscard]] base::Result<void> expect(const Authority& peer);
    /// Encrypts some of `bytes`, at most `most`, and says how many; nothing where TLS has failed.
    [[nodiscard]] std::optional<std::size_t> encrypt(std::string_view bytes, std::size_t most);
    [[nodiscard]] base::Error closed(std::string_view doing) const;

    boost::asio::ip::tcp::socket socket_;
    Wire wire_;
    SslPtr ssl_;  ///< its BIO points at wire_
};

}  // namespace aep::http
