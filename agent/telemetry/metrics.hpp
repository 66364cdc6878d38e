#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace aep::telemetry {

using Labels = std::map<std::string, std::string>;

/// The agent's metrics, served by MetricsServer. Names are part of the outside contract (DESIGN.md,
/// Counters). Free-threaded. What it returns lives as long as the Metrics; the same name and labels give the
/// same object. Rooms fetch their metrics once at start and then only add to them.
class Metrics {
  public:
    Metrics();

    prometheus::Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
    prometheus::Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
    prometheus::Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels,
                                     const std::vector<double>& bounds);

    /// Values that are computed when someone asks: `collect` is called on the asking thread.
    void on_collect(std::function<void(std::vector<prometheus::MetricFamily>&)> collect);

    /// The Prometheus text format 0.0.4.
    [[nodiscard]] std::string text() const;

  private:
    prometheus::Registry registry_;
    mutable std::mutex mutex_;
    std::map<std::string, prometheus::Family<prometheus::Counter>*> counters_;
    std::map<std::string, prometheus::Family<prometheus::Gauge>*> gauges_;
    std::map<std::string, prometheus::Family<prometheus::Histogram>*> histograms_;
    std::vector<std::function<void(std::vector<prometheus::MetricFamily>&)>> collectors_;
};

}  // namespace aep::telemetry
