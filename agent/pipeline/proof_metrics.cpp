#include "pipeline/proof_metrics.hpp"

#include "telemetry/log.hpp"
#include "xdm/json_pointer.hpp"
#include "xdm/looks.hpp"

namespace aep::pipeline {

std::string reason_without_contents(const xdm::Violation& violation) {
    std::string place;
    for (const std::string& step : xdm::pointer_steps(violation.pointer)) {
        if (xdm::looks_like_data(step)) {
            place += "/*";
        } else {
            xdm::append_pointer_step(place, step);
        }
    }
    return std::string{violation.keyword} + " at " + (place.empty() ? "the record" : place);
}

void ProofMetrics::count_violations(std::span<const xdm::Violation> violations) {
    for (const xdm::Violation& violation : violations) {
        metrics_
            .counter("aep_agent_violations_total",
                     "Rules of schema or identity that records broke, up to five a record.",
                     {{"stream", stream_}, {"keyword", std::string{violation.keyword}}})
            .Increment();
    }
}

void ProofMetrics::count_tolerated(std::span<const xdm::Violation> violations) {
    count_violations(violations);
    metrics_
        .counter("aep_agent_records_tolerated_total",
                 "Invalid records that were sent, as `validate: warn` says.", {{"stream", stream_}})
        .Increment();
    telemetry::log::warn("record_invalid",
                         "an invalid record is sent, as `validate: warn` says; AEP may refuse it",
                         {{"stream", stream_}, {"reason", reason_without_contents(violations.front())}});
}

void ProofMetrics::count_repairs(const xdm::Repairs& repairs) {
    for (std::size_t i = 0; i < xdm::kCoercions; ++i) {
        if (repairs.coerced.at(i) == 0) continue;
        metrics_
            .counter(
                "aep_agent_values_coerced_total", "Values that `coerce` converted, by what it did.",
                {{"stream", stream_}, {"kind", std::string{xdm::name_of(static_cast<xdm::Coercion>(i))}}})
            .Increment(repairs.coerced.at(i));
    }
    if (repairs.stripped == 0) return;
    metrics_
        .counter("aep_agent_keys_stripped_total", "Keys that the schema does not know, taken out.",
                 {{"stream", stream_}})
        .Increment(repairs.stripped);
}

}  // namespace aep::pipeline
