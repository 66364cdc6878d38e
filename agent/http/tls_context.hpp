#pragma once

#include <memory>

#include "base/result.hpp"
#include "http/openssl_ptr.hpp"
#include "http/options.hpp"

namespace aep::http {

/// What the TLS connections to one host have in common: trusted CAs, the oldest version allowed, the client's
/// certificate, and the newest session, with which the next connection saves itself most of the handshake
/// (RFC 8446 2.2). The peer's certificate is always verified; a session stands for a verification that
/// succeeded, so a context serves one host alone. Confined; outlives the connections that it makes.
class TlsContext {
  public:
    /// Fails where a file cannot be read or used, or the key does not belong to the certificate.
    [[nodiscard]] static base::Result<TlsContext> create(const TlsOptions& options);
    ~TlsContext();
    TlsContext(TlsContext&&) noexcept;
    TlsContext& operator=(TlsContext&&) noexcept;

    /// For one connection. Files that have changed since are read again; while those cannot be used (one of a
    /// pair is new, the other not yet) the old ones stay in force, with a warning.
    [[nodiscard]] SslPtr make_ssl();
    /// After a handshake that failed: the next one begins from nothing.
    void forget_session();

  private:
    struct State;
    explicit TlsContext(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;  ///< in place: OpenSSL's callback points at it
};

}  // namespace aep::http
