#include "telemetry/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <utility>

#include "base/version.hpp"

namespace aep::telemetry {
namespace {

// The registry refuses a second Build() of a name with another help text, so families are kept.
template <class Build, class Family>
Family& family(std::map<std::string, Family*>& known, const Build& build, prometheus::Registry& registry,
               const std::string& name, const std::string& help) {
    Family*& slot = known[name];
    if (slot == nullptr) slot = &build().Name(name).Help(help).Register(registry);
    return *slot;
}

}  // namespace

Metrics::Metrics() {
    gauge("aep_agent_build_info", "Always 1; the label tells the version that runs.",
          {{"version", std::string{base::kVersion}}})
        .Set(1);
}

prometheus::Counter& Metrics::counter(const std::string& name, const std::string& help,
                                      const Labels& labels) {
    const std::lock_guard lock{mutex_};
    return family(counters_, prometheus::BuildCounter, registry_, name, help).Add(labels);
}

prometheus::Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
    const std::lock_guard lock{mutex_};
    return family(gauges_, prometheus::BuildGauge, registry_, name, help).Add(labels);
}

prometheus::Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                                          const Labels& labels, const std::vector<double>& bounds) {
    const std::lock_guard lock{mutex_};
    return family(histograms_, prometheus::BuildHistogram, registry_, name, help).Add(labels, bounds);
}

void Metrics::on_collect(std::function<void(std::vector<prometheus::MetricFamily>&)> collect) {
    const std::lock_guard lock{mutex_};
    collectors_.push_back(std::move(collect));
}

std::string Metrics::text() const {
    std::vector<prometheus::MetricFamily> families = registry_.Collect();
    std::vector<std::function<void(std::vector<prometheus::MetricFamily>&)>> collectors;
    {
        const std::lock_guard lock{mutex_};
        collectors = collectors_;
    }
    for (const auto& collect : collectors) collect(families);
    return prometheus::TextSerializer{}.Serialize(families);
}

}  // namespace aep::telemetry
