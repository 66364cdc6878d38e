#include "app/record_metrics.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace aep::app {
namespace {

using Values = record::RecordCounters::Values;

struct Row {
    const char* name;
    const char* help;
    std::uint64_t Values::*value;
};

constexpr Row kCounters[] = {
    {"aep_agent_records_read_total", "Records read from their source.", &Values::read},
    {"aep_agent_records_recovered_total", "Records taken from the disk buffer at start.", &Values::recovered},
    {"aep_agent_records_replayed_total", "Records taken from dead letters.", &Values::replayed},
    {"aep_agent_records_delivered_total", "Records settled because the inlet accepted them.",
     &Values::delivered},
    {"aep_agent_records_dead_lettered_total", "Records settled as dead letters.", &Values::dead_lettered},
    {"aep_agent_records_dropped_total", "Records settled because a rule drops them.", &Values::dropped},
};

prometheus::ClientMetric labelled(const std::string& source) {
    prometheus::ClientMetric metric;
    metric.label = {{"source", source}};
    return metric;
}

prometheus::MetricFamily family(const char* name, const char* help, prometheus::MetricType type) {
    prometheus::MetricFamily made;
    made.name = name;
    made.help = help;
    made.type = type;
    return made;
}

prometheus::MetricFamily gauges(const char* name, const char* help, const std::vector<SourceView>& sources,
                                const std::function<double(std::size_t)>& value) {
    prometheus::MetricFamily made = family(name, help, prometheus::MetricType::Gauge);
    for (std::size_t i = 0; i < sources.size(); ++i) {
        prometheus::ClientMetric metric = labelled(sources[i].counters.source());
        metric.gauge.value = value(i);
        made.metric.push_back(std::move(metric));
    }
    return made;
}

double lag_bytes(const source::Source* source) {
    if (source == nullptr) return 0;
    double lag = 0;
    for (const auto& reader : source->progress()) {
        if (reader.size > reader.settled) lag += static_cast<double>(reader.size - reader.settled);
    }
    return lag;
}

double oldest_seconds(const source::Source* source) {
    if (source == nullptr) return 0;
    const auto oldest = source->oldest_unsettled();
    if (!oldest) return 0;
    return std::chrono::duration<double>(base::SteadyClock::now() - *oldest).count();
}

double last_record_seconds(const source::Source* source) {
    if (source == nullptr) return 0;
    const auto last = source->last_record();
    if (!last) return 0;
    return std::chrono::duration<double>(last->time_since_epoch()).count();
}

}  // namespace

void append_record_metrics(const std::vector<SourceView>& sources,
                           std::vector<prometheus::MetricFamily>& families) {
    std::vector<Values> snapshots;
    snapshots.reserve(sources.size());
    for (const SourceView& view : sources) snapshots.push_back(view.counters.snapshot());

    for (const Row& row : kCounters) {
        prometheus::MetricFamily made = family(row.name, row.help, prometheus::MetricType::Counter);
        for (std::size_t i = 0; i < sources.size(); ++i) {
            prometheus::ClientMetric metric = labelled(sources[i].counters.source());
            metric.counter.value = static_cast<double>(snapshots[i].*row.value);
            made.metric.push_back(std::move(metric));
        }
        families.push_back(std::move(made));
    }
    prometheus::MetricFamily lost =
        family("aep_agent_source_lost_bytes_total",
               "Bytes of files that were gone before they could be read.", prometheus::MetricType::Counter);
    for (const SourceView& view : sources) {
        prometheus::ClientMetric metric = labelled(view.counters.source());
        metric.counter.value = view.source == nullptr ? 0 : static_cast<double>(view.source->lost_bytes());
        lost.metric.push_back(std::move(metric));
    }
    families.push_back(std::move(lost));
    families.push_back(gauges("aep_agent_records_in_flight", "Records read and not settled.", sources,
                              [&](std::size_t i) { return static_cast<double>(snapshots[i].in_flight); }));
    families.push_back(gauges("aep_agent_source_lag_bytes", "Bytes of the source that are not settled yet.",
                              sources, [&](std::size_t i) { return lag_bytes(sources[i].source); }));
    families.push_back(gauges("aep_agent_source_last_record_timestamp_seconds",
                              "When the source handed over a record last; 0: not since the start.", sources,
                              [&](std::size_t i) { return last_record_seconds(sources[i].source); }));
    families.push_back(gauges("aep_agent_oldest_unsettled_seconds", "Age of the oldest record not settled.",
                              sources, [&](std::size_t i) { return oldest_seconds(sources[i].source); }));
}

}  // namespace aep::app
