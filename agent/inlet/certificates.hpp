#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "inlet/openssl_ptr.hpp"

namespace aep::inlet {

/// What the inlet proves itself with: a server certificate (EC P-256) signed by a CA that was made for it
/// alone and whose key was forgotten.
struct Identity {
    KeyPtr key;
    CertificatePtr certificate;
    CertificatePtr ca;
};

/// Valid from an hour ago for a year. "localhost" is certified with 127.0.0.1 and ::1, another name or
/// address alone. Error: a host name that is neither.
[[nodiscard]] base::Result<Identity> make_identity(const std::string& host_name);

/// The identity in `file`, or a new one that is stored there. Error also when `file` holds something else.
[[nodiscard]] base::Result<Identity> load_or_make_identity(const std::filesystem::path& file,
                                                           const std::string& host_name);

[[nodiscard]] std::string to_pem(X509& certificate);

/// A server context: TLS 1.2 or later. `client_ca_file`: clients must show a certificate of this authority;
/// empty: none is asked for.
[[nodiscard]] base::Result<SslContextPtr> make_tls_context(const Identity& identity,
                                                           const std::filesystem::path& client_ca_file = {});

}  // namespace aep::inlet
