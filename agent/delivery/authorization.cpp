#include "delivery/authorization.hpp"

#include <utility>

namespace aep::delivery {

Authorization::Authorization(http::TokenProvider* tokens, std::function<void()> changed) : tokens_{tokens} {
    if (tokens_ != nullptr) subscription_ = tokens_->subscribe(std::move(changed));
}

Authorization::~Authorization() {
    if (tokens_ != nullptr) tokens_->unsubscribe(subscription_);
}

void Authorization::report_wait(ConditionReport& report) const {
    const auto trouble = tokens_->trouble();
    if (!trouble) return;
    if (trouble->needs_operator) {
        report.held("auth", trouble->words);
    } else {
        report.failing("token_unavailable", trouble->words);
    }
}

bool Authorization::is_to_be_renewed(const http::TokenPtr& used, const http::Answer& answer) {
    if (!used) return false;
    // AEP says 401 in one place and 403 in another where a token is invalid (streaming ingestion, section 8).
    if (answer.status == 401 || answer.status == 403) return tokens_->refused(used);
    if (!used->proven) used->proven = true;
    return false;
}

}  // namespace aep::delivery
