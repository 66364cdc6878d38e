#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "record/counters.hpp"
#include "source/source.hpp"

namespace aep::app {

/// One source and its counters.
struct SourceView {
    const record::RecordCounters& counters;
    const source::Source* source;  ///< null: not configured any more, but the disk buffer has records of it
};

/// The record counters, lag and age of every source (DESIGN.md, Counters). Each source's counters come from
/// one snapshot, so that in every answer read + recovered + replayed = settled + in_flight.
void append_record_metrics(const std::vector<SourceView>& sources,
                           std::vector<prometheus::MetricFamily>& families);

}  // namespace aep::app
