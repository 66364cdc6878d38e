#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "inlet/options.hpp"

namespace aep::inlet {

/// The local inlet: a small AEP for development and tests. HTTPS with a certificate of its own CA, both
/// collection URLs, strict on the envelope, accepted entities counted, written and queryable. It shares no
/// code with the sending side, so that a misunderstanding there is not hidden by the same one here.
///
///     POST   /collection/{id}         one message  -> 200 {"inletId","xactionId","receivedTimeMs"}
///     POST   /collection/batch/{id}   {"messages"} -> 207 {"inletId","batchId","receivedTimeMs","responses"}
///     GET    /inlet/stats             {"requests","messages","accepted","refused","connections"}
///     GET    /inlet/entities          ?id=X | ?path=loyalty.id&value=abc, ?limit=N (100):
///     {"count","entities"};
///                                     `count` is all that match, `entities` the newest of them, oldest first
///     GET    /inlet/traffic           {"interval_ms","requests","messages","throttled"}: how many in each
///                                     interval (100 ms) since the first request, the last ten minutes
///     GET, PUT, DELETE /inlet/fault   the rules, changeable while running: one or a list of them, with the
///                                     keys of FaultRule, durations as `after_ms`, `for_ms`, `delay_ms`,
///                                     `retry_after` in seconds: {"status":503,"retry_after":1,"first":3}
///
///     POST   /ims/token/v3            OAuth client credentials -> {"access_token","token_type","expires_in"}
///     GET, PUT, DELETE /inlet/tokens  {"asked","issued"}; PUT sets the token endpoint's fault
///     (TokenFault:
///                                     {"status":500}, {} ends it), DELETE revokes all tokens
///
/// The /inlet/ paths are the controls of a test server: no authentication, not for the open network.
/// With x-adobe-flow-id (header or query) messages are raw: any JSON object, no envelope. Requests are
/// refused as a whole with problem+json: 400, 404, 405, 413, 415 (also for Content-Encoding), 429 (above the
/// rate limits), 501 (synchronous validation). Integers beyond 64 bits are refused as bad JSON. Duplicates
/// count as often as they come. Protocol: Adobe's streaming ingestion API,
/// developer.adobe.com/experience-platform-apis/references/streaming-ingestion.
///
/// Free-threaded: every member may be called from any thread.
class Inlet {
  public:
    struct Stats {
        std::uint64_t requests = 0;     ///< collection requests read in full
        std::uint64_t messages = 0;     ///< accepted + refused
        std::uint64_t accepted = 0;     ///< entities taken
        std::uint64_t refused = 0;      ///< messages answered with 400
        std::uint64_t connections = 0;  ///< accepted since the start
    };

    /// Binds, writes the CA's certificate, and serves on a thread of its own. Errors: the listen address, the
    /// host name, a file that cannot be written or read.
    [[nodiscard]] static base::Result<std::unique_ptr<Inlet>> start(const InletOptions& options);
    ~Inlet();
    Inlet(const Inlet&) = delete;
    Inlet& operator=(const Inlet&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] Stats stats() const;
    /// The CA's certificate, PEM.
    [[nodiscard]] const std::string& ca_pem() const;
    /// Replaces the faults, as PUT /inlet/fault does.
    void set_faults(const std::vector<FaultRule>& rules);
    /// Closes all connections, answered or not, and ends the thread. Idempotent.
    void stop();

  private:
    struct Impl;
    explicit Inlet(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::inlet
