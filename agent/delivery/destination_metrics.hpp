#pragma once

#include <string>

#include "telemetry/metrics.hpp"

namespace aep::delivery {

/// What one destination counts; fetched once. Free-threaded.
struct DestinationMetrics {
    DestinationMetrics(telemetry::Metrics& metrics, const std::string& destination);

    prometheus::Counter& sent;       ///< messages, each time they are sent
    prometheus::Counter& accepted;   ///< messages
    prometheus::Counter& refused;    ///< messages
    prometheus::Counter& retried;    ///< messages that were sent before
    prometheus::Counter& throttled;  ///< seconds that Retry-After asked for
    prometheus::Gauge& queued;       ///< batches
    prometheus::Histogram& batch_bytes;
    prometheus::Histogram& batch_messages;
    prometheus::Histogram& request_seconds;
    prometheus::Histogram& latency_seconds;  ///< from reading the oldest record to the answer that settles it
};

}  // namespace aep::delivery
