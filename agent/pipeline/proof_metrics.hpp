#pragma once

#include <span>
#include <string>

#include "telemetry/metrics.hpp"
#include "xdm/entity_prover.hpp"
#include "xdm/report.hpp"

namespace aep::pipeline {

/// `type at /items/*/price`: what is wrong and where, for log and metrics, which never hold record contents.
/// Keys that look like data are left out.
[[nodiscard]] std::string reason_without_contents(const xdm::Violation& violation);

/// Counts what proving a stream's records found and did. For records with faults only; the others cost
/// nothing.
class ProofMetrics {
  public:
    ProofMetrics(std::string stream, telemetry::Metrics& metrics)
        : stream_{std::move(stream)}, metrics_{metrics} {}

    void count_violations(std::span<const xdm::Violation> violations);
    /// Violations of a record that is sent all the same (`validate: warn`): they are in the log as well,
    /// rarely.
    void count_tolerated(std::span<const xdm::Violation> violations);
    void count_repairs(const xdm::Repairs& repairs);

  private:
    const std::string stream_;
    telemetry::Metrics& metrics_;
};

}  // namespace aep::pipeline
