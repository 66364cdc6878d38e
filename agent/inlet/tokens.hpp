#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "inlet/options.hpp"
#include "inlet/response.hpp"

namespace aep::inlet {

/// What the token endpoint does instead of its job.
struct TokenFault {
    std::optional<int> status;  ///< answer every request with this status, 200 to 599
    std::string error;          ///< of that answer's body, as OAuth has it: invalid_client
    std::optional<std::chrono::seconds> retry_after;  ///< sent with `status`
    std::chrono::milliseconds delay{0};               ///< wait before answering
    bool drop = false;                                ///< close the connection without an answer
};

/// The token endpoint, and which of its tokens are valid: OAuth's client credentials grant as IMS has it.
/// Tokens are kept in memory: a new start knows none of them. Confined to the inlet's thread.
class Tokens {
  public:
    explicit Tokens(const InletOptions& options) : options_{options} {}

    struct Outcome {
        Response response;
        std::chrono::milliseconds delay{0};
        bool drop = false;
    };
    /// POST /ims/token/v3; `body` is the form.
    [[nodiscard]] Outcome issue(std::string_view body, base::SteadyTime now);

    /// The refusal of a collection request that comes with this Authorization header; nothing: go on.
    [[nodiscard]] std::optional<Response> refusal(std::string_view authorization, std::string_view inlet_id,
                                                  base::SteadyTime now);

    void set_fault(const TokenFault& fault) { fault_ = fault; }
    /// Forgets all tokens, as when a credential's are revoked.
    void revoke() { expiries_.clear(); }
    [[nodiscard]] std::uint64_t issued() const { return issued_; }
    /// Requests to the endpoint, answered or not.
    [[nodiscard]] std::uint64_t asked() const { return asked_; }

  private:
    [[nodiscard]] Response grant(base::SteadyTime now);

    const InletOptions& options_;
    TokenFault fault_;
    std::map<std::string, base::SteadyTime, std::less<>> expiries_;  ///< by token
    std::uint64_t issued_ = 0;
    std::uint64_t asked_ = 0;
};

/// The JSON of PUT /inlet/token-fault; absent keys are off. The error names the key.
[[nodiscard]] base::Result<TokenFault> parse_token_fault(std::string_view json);

}  // namespace aep::inlet
