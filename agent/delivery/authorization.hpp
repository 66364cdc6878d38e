#pragma once

#include <cstdint>
#include <functional>

#include "delivery/condition_report.hpp"
#include "http/answer.hpp"
#include "http/token_provider.hpp"

namespace aep::delivery {

/// The tokens that one destination's requests carry. Confined to the destination's thread.
class Authorization {
  public:
    /// `tokens` is null where requests carry none, else outlives it. `changed` is called on another thread
    /// when there is a token, or trouble with one.
    Authorization(http::TokenProvider* tokens, std::function<void()> changed);
    ~Authorization();
    Authorization(const Authorization&) = delete;
    Authorization& operator=(const Authorization&) = delete;

    /// Whether requests carry a token.
    [[nodiscard]] bool is_required() const { return tokens_ != nullptr; }
    /// Whether a request may leave now.
    [[nodiscard]] bool ready() const { return !is_required() || tokens_->token() != nullptr; }
    /// Null where requests carry none, and while there is none.
    [[nodiscard]] http::TokenPtr token() const { return tokens_ == nullptr ? nullptr : tokens_->token(); }
    /// Batches wait for a token: says why there is none, where that is known.
    void report_wait(ConditionReport& report) const;
    /// Learns from the answer to a request that carried `used`. True: the inlet refused the token, and the
    /// request is worth sending again with the next one.
    [[nodiscard]] bool is_to_be_renewed(const http::TokenPtr& used, const http::Answer& answer);

  private:
    http::TokenProvider* const tokens_;
    std::uint64_t subscription_ = 0;
};

}  // namespace aep::delivery
