#pragma once

#include "base/result.hpp"
#include "http/openssl_ptr.hpp"
#include "http/options.hpp"

namespace aep::http {

/// What the TLS connections to one destination have in common: trusted CAs and the oldest version allowed.
/// The peer's certificate is always verified. Free-threaded once made.
class TlsContext {
  public:
    /// Fails where `ca_file` cannot be read or holds no certificate.
    [[nodiscard]] static base::Result<TlsContext> create(const TlsOptions& options);

    [[nodiscard]] SSL_CTX& native() const { return *context_; }

  private:
    explicit TlsContext(SslContextPtr context) : context_{std::move(context)} {}

    SslContextPtr context_;
};

}  // namespace aep::http
