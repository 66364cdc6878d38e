#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <utility>

#include "base/clock.hpp"
#include "base/duration.hpp"
#include "http/backoff.hpp"

namespace aep::delivery {

/// The circuit breaker before one inlet, shared by all connections and all destinations that lead there:
/// while it fails nobody sends; when the wait is over one probe goes first; when that succeeds the others
/// follow, after a while that grows with the outage, so that an inlet which has just come up is not run over.
///
/// Waits have full jitter: random between 0 and a bound, which is an eighth of the outage so far, at least
/// `initial` and at most `max` of the backoff. So the end of an outage is noticed within an eighth of its
/// length. Time is handed in. Guarded.
class Gate {
  public:
    explicit Gate(http::Random random) : random_{std::move(random)} {}

    /// How a request passed; it is handed back with what became of it.
    enum class Pass { None, Free, Probe };

    /// Whether a request may leave now. Probe is given to one caller per wait: it must report back.
    [[nodiscard]] Pass enter(base::SteadyTime now) {
        const std::lock_guard lock{mutex_};
        if (now < resume_at_) return Pass::None;
        if (failures_ == 0) return Pass::Free;
        if (std::exchange(probing_, true)) return Pass::None;
        return Pass::Probe;
    }
    /// Whether what passed, and then waited for something else, may still leave.
    [[nodiscard]] bool still_open(Pass pass, base::SteadyTime now) const {
        const std::lock_guard lock{mutex_};
        return now >= resume_at_ && (pass == Pass::Probe || failures_ == 0);
    }
    /// When it is worth asking again; SteadyTime::max() while a probe is under way.
    [[nodiscard]] base::SteadyTime resume_at() const {
        const std::lock_guard lock{mutex_};
        return probing_ ? base::SteadyTime::max() : resume_at_;
    }
    /// What passed did not leave after all.
    void leave(Pass pass) {
        const std::lock_guard lock{mutex_};
        if (pass == Pass::Probe) probing_ = false;
    }

    void succeeded(Pass pass, base::SteadyTime now) {
        const std::lock_guard lock{mutex_};
        // What was under way when the wait began does not end it.
        if (failures_ == 0 || pass != Pass::Probe) return;
        probing_ = false;
        failures_ = 0;
        resume_at_ = std::max(resume_at_, now + std::min<Time>(kLongestPause, (now - since_) / 10));
    }
    void failed(Pass pass, base::SteadyTime now, const http::BackoffOptions& backoff) {
        const std::lock_guard lock{mutex_};
        // Requests that were under way when the first failed tell nothing new.
        if (failures_ > 0 && pass != Pass::Probe) return;
        if (failures_++ == 0) since_ = now;
        probing_ = false;
        resume_at_ = std::max(resume_at_, now + wait(now - since_, backoff));
    }
    /// Nobody sends for so long, for example because the inlet asked for it.
    void pause(base::SteadyTime now, base::Millis time) {
        const std::lock_guard lock{mutex_};
        asked_until_ = std::max(asked_until_, now + time);
        resume_at_ = std::max(resume_at_, asked_until_);
    }
    /// Something was changed that may have cured it: the next probe need not wait, unless the inlet has asked
    /// for it.
    void hurry() {
        const std::lock_guard lock{mutex_};
        if (failures_ > 0) resume_at_ = asked_until_;
    }
    [[nodiscard]] bool is_open() const {
        const std::lock_guard lock{mutex_};
        return failures_ == 0;
    }

  private:
    using Time = base::SteadyTime::duration;
    static constexpr std::chrono::seconds kLongestPause{1};

    [[nodiscard]] Time wait(Time outage, const http::BackoffOptions& backoff) const {
        const Time bound = std::clamp<Time>(outage / 8, backoff.initial, backoff.max);
        const auto spread = random_() * static_cast<double>(bound.count());
        return std::max<Time>(std::chrono::milliseconds{1}, Time{static_cast<Time::rep>(spread)});
    }

    mutable std::mutex mutex_;
    const http::Random random_;
    unsigned failures_ = 0;  ///< in a row
    bool probing_ = false;
    base::SteadyTime since_ = {};        ///< the first of the failures
    base::SteadyTime resume_at_ = {};    ///< nobody sends before
    base::SteadyTime asked_until_ = {};  ///< likewise, because the inlet says so
};

}  // namespace aep::delivery
