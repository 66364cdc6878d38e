#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace aep::inlet {

/// A fixed fault: what the inlet does to collection requests instead of its job. "Every n-th" and "the first
/// so many" count from the moment the fault is set.
struct FaultOptions {
    std::optional<int> status;                        ///< answer every request with this status, 200 to 599
    std::optional<std::chrono::seconds> retry_after;  ///< sent with `status`
    bool retry_after_date = false;   ///< Retry-After as an HTTP date instead of seconds (RFC 9110 10.2.3)
    bool empty_body = false;         ///< `status` comes without a body, as AEP's 403 for an unlisted address
    std::uint64_t status_first = 0;  ///< only the first so many requests get `status`; 0: all of them
    std::uint64_t refuse_every = 0;  ///< every n-th message gets 400 (of a batch: within the 207); 0: none
    std::chrono::milliseconds delay{0};  ///< wait before answering
    bool stall = false;                  ///< read requests and never answer
    /// Every n-th request is read and taken, then the connection is closed without an answer (so that a
    /// client that sends again makes duplicates); 0: none.
    std::uint64_t drop_answer_every = 0;
    bool short_answer = false;  ///< the 207's `responses` lacks its last entry
};

/// How a failed message is spelt in a 207; AEP's documentation and its Kafka sink differ.
enum class FailedEntry {
    Status,      ///< {"status":400,"xactionId":"..","message":".."}
    StatusCode,  ///< {"statusCode":400,"message":".."}
};

/// How the local inlet behaves.
struct InletOptions {
    std::string listen = "127.0.0.1:8443";  ///< host:port, [v6]:port; port 0 = any free one
    /// The certificate is made for it. "localhost" also gets 127.0.0.1 and ::1; any other name or address is
    /// the only one in the certificate, so that a client's check of the name can be tested with a wrong one.
    std::string host_name = "localhost";
    std::filesystem::path ca_file;  ///< where the CA's certificate is written (PEM); empty: nowhere
    /// Key and certificates (PEM, mode 0600), made when absent and used again by the next start, so that
    /// clients which trust the CA outlive a restart of the inlet; empty: new ones at every start.
    std::filesystem::path identity_file;
    std::string inlet_id;                 ///< only this one is known (404 else); empty: every id is
    std::string org_id;                   ///< imsOrgId must equal it where both are present; empty: any
    std::filesystem::path entities_file;  ///< accepted entities are appended, one JSON line each; empty: none
    std::size_t max_request = 1'000'000;  ///< bytes of a body; 413 above
    std::size_t keep = 10'000;            ///< how many accepted entities can be queried (the newest)
    FailedEntry failed_entry = FailedEntry::Status;
    std::size_t max_connections = 256;  ///< more wait in the kernel's backlog
    std::chrono::seconds idle_timeout{
        120};  ///< from an answer to the end of the next request; then it is closed
    std::filesystem::path
        client_ca_file;  ///< PEM; clients must show a certificate of it; empty: none is asked for
    /// Of the token endpoint, POST /ims/token/v3.
    std::string client_id = "local";
    std::string client_secret = "local";
    std::chrono::milliseconds token_lifetime{std::chrono::hours{24}};
    bool token_lifetime_in_ms = false;  ///< `expires_in` as older endpoints have it, not in seconds
    bool require_token = false;         ///< collection requests need a valid token: authenticationRequired
    int token_refusal = 401;            ///< of invalid or expired ones; AEP says 401 here and 403 there
    FaultOptions fault;
};

}  // namespace aep::inlet
