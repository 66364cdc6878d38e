#include "http/token_keeper.hpp"

#include <algorithm>
#include <chrono>

namespace aep::http {
namespace {

using namespace std::chrono_literals;

constexpr BackoffOptions kPassing{.initial = 1s, .max = 1min};
constexpr BackoffOptions kConfiguration{.initial = 1min, .max = 10min};
/// Full jitter may come out near zero, which is no long backoff.
constexpr base::Millis kLeastForOperator = 30s;
constexpr base::Millis kBetweenRefusals = 1min;

}  // namespace

TokenKeeper::TokenKeeper(const Random& random)
    : random_{random}, passing_{kPassing, random}, configuration_{kConfiguration, random} {}

TokenPtr TokenKeeper::token(base::SteadyTime now) const {
    return token_ && now < token_->expires ? token_ : nullptr;
}

void TokenKeeper::issued(const IssuedToken& token, base::SteadyTime now) {
    const auto made = std::make_shared<Token>();
    made->authorization = std::string{Token::kScheme} + token.text;
    made->issued = now;
    made->expires = now + token.lifetime;
    made->after_refusal = std::exchange(refused_, false);
    token_ = made;
    fetch_at_ = now + refresh_after(token.lifetime, random_());
    failures_ = 0;
}

void TokenKeeper::failed(const TokenFailure& failure, base::SteadyTime now) {
    ++failures_;
    const bool passing = failure.kind == TokenFailure::Kind::Passing;
    const base::Millis wait =
        passing ? passing_.wait(failures_) : std::max(kLeastForOperator, configuration_.wait(failures_));
    fetch_at_ = now + std::max(wait, failure.asked.value_or(base::Millis{0}));
}

bool TokenKeeper::refused(const TokenPtr& used, base::SteadyTime now) {
    if (used != token_) return true;
    const bool hopeless =
        used->after_refusal && !used->proven && now < used->expires && now < used->issued + kBetweenRefusals;
    if (hopeless) return false;
    token_ = nullptr;
    refused_ = true;
    // The endpoint's own backoff goes on where it fails.
    if (failures_ == 0) fetch_at_ = now;
    return true;
}

}  // namespace aep::http
