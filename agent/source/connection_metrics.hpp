#pragma once

#include <cstdint>
#include <string>

#include "source/connection.hpp"
#include "telemetry/metrics.hpp"

namespace aep::source {

/// What a source with connections counts, and how it tells of their ends. Confined, but for the metrics.
class ConnectionMetrics {
  public:
    ConnectionMetrics(const SourceOptions& options, telemetry::Metrics& metrics);

    void opened() { open_.Increment(); }
    void refused(const std::string& peer);
    /// Of a connection that has ended.
    void ended(const Connection& connection);

  private:
    void tell(const Connection& connection) const;

    const std::string source_;
    const std::size_t most_;
    telemetry::Metrics& metrics_;
    prometheus::Gauge& open_;
    prometheus::Counter& refused_;
};

}  // namespace aep::source
