#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "http/backoff.hpp"
#include "http/token_rules.hpp"

namespace aep::http {

/// An access token, ready to be sent. Immutable but for `proven`; shared by the requests that carry it.
struct Token {
    static constexpr std::string_view kScheme = "Bearer ";

    /// Without the scheme.
    [[nodiscard]] std::string_view text() const {
        return std::string_view{authorization}.substr(kScheme.size());
    }

    std::string authorization;  ///< value of the Authorization header, a secret
    base::SteadyTime issued;
    base::SteadyTime expires;
    bool after_refusal = false;               ///< it replaces one that was refused
    mutable std::atomic<bool> proven{false};  ///< a request with it was not refused
};
using TokenPtr = std::shared_ptr<const Token>;

/// Which token is in force and when the next one is fetched. Time is handed in. Confined.
class TokenKeeper {
  public:
    explicit TokenKeeper(const Random& random);

    /// The token to send; null while there is none or it has expired.
    [[nodiscard]] TokenPtr token(base::SteadyTime now) const;
    /// When the endpoint is to be asked; long past at the beginning.
    [[nodiscard]] base::SteadyTime fetch_at() const { return fetch_at_; }

    void issued(const IssuedToken& token, base::SteadyTime now);
    /// The token in force stays so until it expires. Waits grow from seconds to a minute, or, where only an
    /// operator can help, from a minute to ten.
    void failed(const TokenFailure& failure, base::SteadyTime now);
    /// What made the configuration fail has changed.
    void try_at_once(base::SteadyTime now) { fetch_at_ = now; }

    /// An inlet refused a request that carried `used` (401 or 403). True: it is worth sending again with the
    /// token that is or will be there instead. False: `used` itself was fetched after a refusal and no
    /// request with it ever worked; another one is fetched for it a minute later at the earliest.
    [[nodiscard]] bool refused(const TokenPtr& used, base::SteadyTime now);

  private:
    Random random_;
    Backoff passing_;
    Backoff configuration_;
    TokenPtr token_;
    base::SteadyTime fetch_at_ = {};
    unsigned failures_ = 0;  ///< in a row
    bool refused_ = false;   ///< the last token was
};

}  // namespace aep::http
