#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace aep::record {

/// The brake between a stream and its sources: once it is held, they read no more, and what they read before
/// stays unsettled. Nothing releases it: after a reload or a new start there is another one. Free-threaded.
class StreamHold {
  public:
    /// True for the caller that was first.
    bool hold() { return !held_.exchange(true); }
    [[nodiscard]] bool held() const { return held_; }

    /// For sources, before they read: true at once while the stream is not held, else false when `stop` is
    /// asked for.
    [[nodiscard]] bool may_read(const std::stop_token& stop) const {
        if (!held_) return true;
        std::unique_lock lock{mutex_};
        stopped_.wait(lock, stop, [] { return false; });
        return false;
    }

  private:
    std::atomic<bool> held_ = false;
    mutable std::mutex mutex_;
    mutable std::condition_variable_any stopped_;
};

}  // namespace aep::record
