#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/duration.hpp"

namespace aep::http {

/// `tls:` of a destination.
struct TlsOptions {
    enum class MinVersion { Tls12, Tls13 };
    std::string ca_file = {};    ///< PEM; empty: the system's store
    std::string cert_file = {};  ///< PEM, the client's certificate and what leads to its CA; empty: none
    std::string key_file = {};   ///< PEM, its key, without a passphrase; given where cert_file is
    MinVersion min_version = MinVersion::Tls12;
    friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

/// `timeout:` of a destination. `connect` covers look-up, TCP and the TLS handshake, each on its own;
/// `request` all from the first byte sent to the last byte of the answer.
struct TimeoutOptions {
    base::Millis connect{std::chrono::seconds{5}};
    base::Millis request{std::chrono::seconds{30}};
    friend bool operator==(const TimeoutOptions&, const TimeoutOptions&) = default;
};

/// `retry:` of a destination: exponential with full jitter (each wait is random between 0 and the bound).
struct BackoffOptions {
    base::Millis initial{500};
    base::Millis max{std::chrono::seconds{60}};
    friend bool operator==(const BackoffOptions&, const BackoffOptions&) = default;
};

/// A secret of the configuration: its text, or the file that holds it.
struct SecretOptions {
    std::string text = {};
    std::string file = {};  ///< not empty: read each time the secret is needed
    friend bool operator==(const SecretOptions&, const SecretOptions&) = default;
};

/// `auth:` of a platform.
struct TokenOptions {
    std::string platform;  ///< its id
    std::string token_url = "https://ims-na1.adobelogin.com/ims/token/v3";
    std::string client_id;
    SecretOptions client_secret;
    std::vector<std::string> scopes{"openid", "AdobeID", "read_organizations",
                                    "additional_info.projectedProductContext", "session"};
    std::optional<TlsOptions> tls;     ///< absent: those of the platform's first destination with tokens
    std::optional<std::string> proxy;  ///< as DestinationOptions::proxy; absent: likewise
    friend bool operator==(const TokenOptions&, const TokenOptions&) = default;
};

/// About what a connection holds: what it encrypts ahead, and OpenSSL's own buffers.
inline constexpr std::size_t kConnectionBytes = std::size_t{320} << 10U;

/// Bounds on what a peer may answer.
inline constexpr std::size_t kMaxAnswerHead = std::size_t{64} << 10U;
inline constexpr std::size_t kMaxAnswerBody = std::size_t{4} << 20U;

}  // namespace aep::http
