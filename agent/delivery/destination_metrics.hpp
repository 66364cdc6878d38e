#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "telemetry/metrics.hpp"

namespace aep::delivery {

/// What one destination counts; fetched once. Free-threaded.
struct DestinationMetrics {
    DestinationMetrics(telemetry::Metrics& metrics, const std::string& destination);

    prometheus::Counter& sent;       ///< messages, each time they are sent
    prometheus::Counter& accepted;   ///< messages
    prometheus::Counter& refused;    ///< messages
    prometheus::Counter& retried;    ///< messages that were sent before
    prometheus::Gauge& queued;       ///< batches
    prometheus::Gauge& connections;  ///< that may be in use
    prometheus::Histogram& batch_bytes;
    prometheus::Histogram& batch_messages;
    prometheus::Histogram& request_seconds;
    prometheus::Histogram& latency_seconds;  ///< from reading the oldest record to the answer that settles it

    /// A request waited for a limit. `by`: requests_per_second, messages_per_second (the platform's limits),
    /// status_429 (what the inlet was learned to take) or retry_after (its wish).
    void throttled(std::string_view by, std::chrono::duration<double> time) const;

  private:
    std::map<std::string_view, prometheus::Counter&> throttled_;
};

}  // namespace aep::delivery
