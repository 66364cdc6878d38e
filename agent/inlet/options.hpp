#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace aep::inlet {

/// What can be wrong, or unusual, with an answer's messages, its HTTP, or the way it comes.
enum class AnswerForm {
    Right,
    // Nothing is proven by these, though the messages were taken.
    Short,        ///< the 207's `responses` lacks its last entry
    Long,         ///< it has one too many
    NoResponses,  ///< the 207 has no `responses`
    NotJson,
    // These are not answers. The messages were taken.
    Truncated,  ///< the connection ends within the body
    NotHttp,
    HugeHead,  ///< 200 KiB
    HugeBody,  ///< 5 MiB
    // These are right, in other words.
    LargeHead,   ///< 60 KiB
    Interim,     ///< two 1xx answers before
    Gzip,        ///< though nobody asked for it
    Chunked,     ///< with an extension and a trailer
    UntilClose,  ///< no length: the connection's end is the answer's
    Http10,      ///< the same, from a server of 1996
    Slow,        ///< a few bytes at a time, over about a second
};

/// A fault: what the inlet does to some collection requests instead of its job. Of several rules the first
/// that hits a request has it. All counts and times begin when the rules are set.
struct FaultRule {
    // Which requests. Conditions are narrowed from top to bottom.
    std::chrono::milliseconds after{0};              ///< not before
    std::optional<std::chrono::milliseconds> lasts;  ///< not longer than so long behind `after`
    std::uint64_t first = 0;                         ///< only so many requests; 0: all
    std::uint64_t every = 1;                         ///< every n-th
    double share = 1;                                ///< such a part of them, evenly spread

    // What is done to them.
    std::optional<int> status;                        ///< answered with this status, 200 to 599
    std::optional<std::chrono::seconds> retry_after;  ///< sent with `status`
    bool retry_after_date = false;   ///< Retry-After as an HTTP date instead of seconds (RFC 9110 10.2.3)
    bool empty_body = false;         ///< `status` comes without a body, as AEP's 403 for an unlisted address
    std::uint64_t refuse_every = 0;  ///< every n-th message is refused within the 207; 0: none
    int refuse_status = 400;         ///< with this status
    std::chrono::milliseconds delay{0};  ///< wait before answering
    bool stall = false;                  ///< read the request and never answer
    enum class Drop {
        None,
        Before,  ///< answer, and then close the connection without having said so: the next request is lost
        During,  ///< close it when the request's head has come
        After,   ///< take the messages, then close it without an answer: sent again, they are duplicates
    };
    Drop drop = Drop::None;
    AnswerForm answer = AnswerForm::Right;
};

/// More than this is answered with 429 and Retry-After, as a bucket that holds a second's worth has it; 0: no
/// limit.
struct RateLimits {
    std::size_t requests_per_second = 0;
    std::size_t messages_per_second = 0;
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
    std::string schema_id;                ///< schemaRef.id must equal it; empty: any
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
    RateLimits limits;
    std::vector<FaultRule> faults;
};

}  // namespace aep::inlet
