#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "http/openssl_ptr.hpp"

namespace aep::http {

/// OpenSSL's first error on this thread since its queue was empty (the later ones only say who passed it on),
/// in its words; empties the queue.
[[nodiscard]] std::string take_tls_error();

/// The peer's word, or ours, that it will have no TLS with us as we are: no common version or cipher, or a
/// certificate that it does not take. Since TLS 1.3 that may come when the handshake is long over. Nothing,
/// and the queue as it was, where the last error is another.
[[nodiscard]] std::optional<base::Error> take_refusal();

/// Why the handshake with `host` failed; `reason` is SSL_get_error()'s, `system_error` the socket's errno or
/// 0.
[[nodiscard]] base::Error handshake_error(SSL& ssl, int reason, int system_error, const std::string& host);

}  // namespace aep::http
