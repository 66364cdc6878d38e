#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "pipeline/options.hpp"
#include "record/stream_hold.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::pipeline {

/// `invalid_limit` of one stream: looks at its last `of` records, and when more than `share` of them are
/// invalid, holds the stream: a wrong deployment then costs `share * of` dead letters in place of all the
/// data. Records that are not there yet count as valid.
///
/// Shared by the workers; its mutex is taken once per Block and once per invalid record, never for a valid
/// one.
class InvalidGuard {
  public:
    InvalidGuard(std::string stream, std::optional<InvalidLimit> limit, telemetry::Health& health,
                 telemetry::Metrics& metrics);

    /// So many records were valid since the last call.
    void count_valid(std::uint64_t records);
    /// Another record is invalid. False: one too many, or the stream is held already; then the record must
    /// stay as it is, neither dead-lettered nor dropped. `reason` is for people and holds no record contents.
    [[nodiscard]] bool admit_invalid(const std::string& reason);

    /// Another pipeline takes over: the stream is not held any more.
    void retire();
    /// It was held before, and that has been said.
    void hold_silently() { hold_.hold(); }

    [[nodiscard]] bool held() const { return hold_.held(); }
    [[nodiscard]] const record::StreamHold& hold() const { return hold_; }

  private:
    using Reasons = std::map<std::string, std::uint64_t>;  ///< of the invalid records in the window

    void forget_old();
    void hold_stream();
    [[nodiscard]] std::string commonest() const;

    const std::string stream_;
    const std::optional<InvalidLimit> limit_;
    telemetry::Health& health_;
    prometheus::Gauge& held_gauge_;
    record::StreamHold hold_;

    struct Invalid {
        std::uint64_t number;  ///< among all records
        Reasons::iterator reason;
    };
    std::mutex mutex_;
    std::uint64_t seen_ = 0;
    std::deque<Invalid> window_;
    Reasons reasons_;
};

using InvalidGuards = std::map<std::string, std::shared_ptr<InvalidGuard>>;  ///< by stream

}  // namespace aep::pipeline
