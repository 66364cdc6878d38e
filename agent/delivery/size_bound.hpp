#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>

#include "base/clock.hpp"

namespace aep::delivery {

/// How large requests may be: what the configuration allows, until the inlet says 413. Then half of what it
/// refused; from there it grows back by a thirty-second of the configured size every 10 s in which requests
/// are accepted. Changed on the destination's thread, read from any.
class SizeBound {
  public:
    explicit SizeBound(std::size_t configured) : configured_{configured}, bytes_{configured} {}

    /// What was learned is forgotten: it is another inlet, or another configuration.
    void reset(std::size_t configured) {
        configured_ = configured;
        bytes_.store(configured, std::memory_order_relaxed);
    }

    [[nodiscard]] std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

    void refused(std::size_t body_size, base::SteadyTime now) {
        if (body_size > bytes()) return;  // it left before an earlier 413
        bytes_.store(std::min(bytes(), std::max(kSmallest, body_size / 2)), std::memory_order_relaxed);
        changed_at_ = now;
    }
    void accepted(base::SteadyTime now) {
        if (bytes() >= configured_ || now - changed_at_ < kStep) return;
        bytes_.store(std::min(configured_, bytes() + configured_ / 32), std::memory_order_relaxed);
        changed_at_ = now;
    }

  private:
    static constexpr std::size_t kSmallest = 1024;
    static constexpr std::chrono::seconds kStep{10};

    std::size_t configured_;
    std::atomic<std::size_t> bytes_;  ///< each value stands for itself
    base::SteadyTime changed_at_ = {};
};

}  // namespace aep::delivery
