#include "pipeline/invalid_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "telemetry/log.hpp"

namespace aep::pipeline {
namespace {

constexpr std::size_t kReasonsNamed = 3;

/// How many of a window may be invalid. 0.29 * 100 is a little less than 29 in binary.
std::size_t allowed(const InvalidLimit& limit) {
    constexpr double kRounding = 1e-9;
    return static_cast<std::size_t>(std::floor(limit.share * static_cast<double>(limit.of) + kRounding));
}

}  // namespace

InvalidGuard::InvalidGuard(std::string stream, std::optional<InvalidLimit> limit, telemetry::Health& health,
                           telemetry::Metrics& metrics)
    : stream_{std::move(stream)},
      limit_{limit},
      health_{health},
      held_gauge_{metrics.gauge("aep_agent_stream_held",
                                "1 while the stream is held because of its own records.",
                                {{"stream", stream_}, {"reason", "invalid_limit"}})} {}

void InvalidGuard::count_valid(std::uint64_t records) {
    if (!limit_ || records == 0) return;
    const std::lock_guard lock{mutex_};
    seen_ += records;
}

bool InvalidGuard::admit_invalid(const std::string& reason) {
    if (!limit_) return true;
    const std::lock_guard lock{mutex_};
    if (held()) return false;
    ++seen_;
    forget_old();
    const auto counted = reasons_.try_emplace(reason, 0).first;
    ++counted->second;
    window_.push_back({seen_, counted});
    if (window_.size() <= allowed(*limit_)) return true;
    hold_stream();
    return false;
}

void InvalidGuard::forget_old() {
    while (!window_.empty() && window_.front().number + limit_->of <= seen_) {
        const auto reason = window_.front().reason;
        if (--reason->second == 0) reasons_.erase(reason);
        window_.pop_front();
    }
}

void InvalidGuard::hold_stream() {
    hold_.hold();
    held_gauge_.Set(1);
    health_.set_trouble("stream " + stream_, "invalid_limit");
    telemetry::log::error("stream_held",
                          "too many records are invalid: nothing of this stream is read, sent or "
                          "dead-lettered any more; correct the records, their schema or the stream's "
                          "invalid_limit, then reload (SIGHUP) or start the agent again",
                          {{"stream", stream_},
                           {"invalid", window_.size()},
                           {"of_last", std::min<std::uint64_t>(limit_->of, seen_)},
                           {"reasons", commonest()}});
}

void InvalidGuard::retire() {
    if (!held()) return;
    held_gauge_.Set(0);
    health_.clear_trouble("stream " + stream_);
}

std::string InvalidGuard::commonest() const {
    std::vector<std::pair<std::string, std::uint64_t>> all{reasons_.begin(), reasons_.end()};
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), kReasonsNamed));
    std::partial_sort(all.begin(), end, all.end(), [](const auto& a, const auto& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    std::string text;
    for (auto reason = all.begin(); reason != end; ++reason) {
        text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", reason->first, reason->second);
    }
    return text;
}

}  // namespace aep::pipeline
