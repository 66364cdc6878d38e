#pragma once

#include <algorithm>

#include "base/clock.hpp"
#include "http/backoff.hpp"

namespace aep::delivery {

/// The backoff that all connections to one inlet share: while it fails nobody sends; when the wait is over
/// one probe goes first; when that succeeds all go on. Time is handed in. Confined.
class Gate {
  public:
    explicit Gate(http::Backoff backoff) : backoff_{std::move(backoff)} {}

    /// Whether a request may leave now. True for one caller per wait while the inlet fails: it must report
    /// back.
    [[nodiscard]] bool enter(base::SteadyTime now) {
        if (failures_ == 0) return true;
        if (probing_ || now < resume_at_) return false;
        probing_ = true;
        return true;
    }
    /// When it is worth asking again.
    [[nodiscard]] base::SteadyTime resume_at() const {
        return probing_ ? base::SteadyTime::max() : resume_at_;
    }
    /// What entered has nothing to send after all.
    void leave() { probing_ = false; }

    void succeeded(base::SteadyTime now) {
        // What was under way when the wait began does not end it: the inlet may have asked for it.
        if (!probing_ && now < resume_at_) return;
        failures_ = 0;
        probing_ = false;
    }
    /// `at_least`: what the inlet asked for (Retry-After); zero where it did not. Returns the wait.
    base::Millis failed(base::SteadyTime now, base::Millis at_least) {
        // Requests that were under way when the first failed tell nothing new.
        const bool known = failures_ > 0 && !probing_ && now < resume_at_;
        if (!known) {
            probing_ = false;
            resume_at_ = now + backoff_.wait(++failures_);
        }
        resume_at_ = std::max(resume_at_, now + at_least);
        return std::chrono::ceil<base::Millis>(resume_at_ - now);
    }
    [[nodiscard]] bool is_open() const { return failures_ == 0; }

  private:
    http::Backoff backoff_;
    unsigned failures_ = 0;  ///< in a row
    bool probing_ = false;
    base::SteadyTime resume_at_ = {};
};

}  // namespace aep::delivery
