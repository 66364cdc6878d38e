#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/result.hpp"
#include "source/options.hpp"

namespace aep::source {

struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;
using SslContextPtr = std::unique_ptr<SSL_CTX, SslFree>;

/// What the TLS connections of one source share: at least TLS 1.2, no renegotiation, no resumption; clients
/// must show a certificate where client_ca_file is set. The errors name the key and the file.
[[nodiscard]] base::Result<SslContextPtr> make_server_tls(const ServerTlsOptions& options);

/// OpenSSL's words for the oldest error of this thread; forgets all of them.
[[nodiscard]] std::string take_openssl_error();

}  // namespace aep::source
