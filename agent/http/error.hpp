#pragma once

#include <boost/system/error_code.hpp>
#include <string>

#include "base/result.hpp"

namespace aep::http {

/// At which step an exchange failed: what the caller's next step depends on. The words are in the Error.
enum class Errc {
    LookUp = 1,   ///< the host's name cannot be resolved
    Connect,      ///< no address takes a TCP connection
    Proxy,        ///< the proxy refuses to lead to the peer; only an operator can cure it
    Certificate,  ///< the peer is not who it should be; only an operator can cure it
    TlsRefused,   ///< no common version or cipher, or the peer refuses our certificate; the same holds
    Handshake,    ///< TLS failed for another reason
    Timeout,      ///< the request was begun, its answer did not end in time
    Closed,       ///< the connection ended before the answer did
    BadAnswer,    ///< what came is not HTTP, or larger than its bounds
    Stopped,      ///< Connection::abort() was called
};

[[nodiscard]] boost::system::error_code make_error_code(Errc errc);

/// Nothing but an operator can cure it.
[[nodiscard]] bool needs_operator(const base::Error& error);

/// The peer may have got the whole request: sending it again may make duplicates.
[[nodiscard]] bool may_have_arrived(const base::Error& error);

}  // namespace aep::http

template <>
struct boost::system::is_error_code_enum<aep::http::Errc> : std::true_type {};
