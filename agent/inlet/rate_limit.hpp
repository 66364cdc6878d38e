#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>

#include "base/clock.hpp"
#include "inlet/response.hpp"

namespace aep::inlet {

/// A bucket that holds a second's worth. Confined.
class RateLimit {
  public:
    /// `per_second` 0: no limit.
    explicit RateLimit(std::size_t per_second) : rate_{static_cast<double>(per_second)}, tokens_{rate_} {}

    /// Nothing where `amount` is taken; else how long until it might be. What is larger than the bucket is
    /// taken from a full one.
    [[nodiscard]] std::optional<std::chrono::seconds> take(std::size_t amount, base::SteadyTime now) {
        if (rate_ == 0) return std::nullopt;
        if (filled_at_ != base::SteadyTime{})
            tokens_ += rate_ * std::chrono::duration<double>(now - filled_at_).count();
        tokens_ = std::min(tokens_, rate_);
        filled_at_ = now;
        const double wanted = std::min(static_cast<double>(amount), rate_);
        if (tokens_ < wanted) {
            const double seconds = std::ceil((wanted - tokens_) / rate_);
            return std::chrono::seconds{std::max(1, static_cast<int>(seconds))};
        }
        tokens_ -= wanted;
        return std::nullopt;
    }

  private:
    const double rate_;
    double tokens_;
    base::SteadyTime filled_at_ = {};
};

/// The answer to what is above a limit.
[[nodiscard]] inline Response too_many(std::chrono::seconds wait) {
    Response response = problem(429, "Too Many Requests", "more than this inlet takes in a second");
    response.headers = fmt::format("Retry-After: {}\r\n", wait.count());
    return response;
}

}  // namespace aep::inlet
