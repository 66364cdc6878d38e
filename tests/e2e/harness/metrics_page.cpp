#include "harness/metrics_page.hpp"

#include <cstdlib>
#include <sstream>
#include <utility>

namespace aep::e2e {

MetricsPage::MetricsPage(const std::string& text) {
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        const std::size_t space = line.rfind(' ');
        if (line.starts_with('#') || space == std::string::npos) continue;
        const std::string series = line.substr(0, space);
        const std::size_t brace = series.find('{');
        const std::string labels = brace == std::string::npos ? "" : series.substr(brace);
        samples_.emplace(series.substr(0, brace),
                         std::pair{labels, std::strtod(line.c_str() + space + 1, nullptr)});
    }
}

double MetricsPage::sum(const std::string& name, const std::string& label) const {
    double total = 0;
    const auto [begin, end] = samples_.equal_range(name);
    for (auto sample = begin; sample != end; ++sample) {
        const auto& [labels, value] = sample->second;
        if (labels.find(label) != std::string::npos) total += value;
    }
    return total;
}

double MetricsPage::records(const std::string& what, const std::string& source) const {
    const std::string label = source.empty() ? "" : "source=\"" + source + "\"";
    const std::string name = "aep_agent_records_" + what;
    return sum(what == "in_flight" ? name : name + "_total", label);
}

bool MetricsPage::adds_up(const std::string& source) const {
    const auto of = [&](const char* what) { return records(what, source); };
    return of("read") + of("recovered") + of("replayed") ==
           of("delivered") + of("dead_lettered") + of("dropped") + of("in_flight");
}

}  // namespace aep::e2e
