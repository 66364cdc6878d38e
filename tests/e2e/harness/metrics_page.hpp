#pragma once

#include <map>
#include <string>

namespace aep::e2e {

/// One reading of /metrics.
class MetricsPage {
  public:
    explicit MetricsPage(const std::string& text);

    /// The sum of all samples of `name` that carry `label` (such as `source="app"`; empty: all).
    [[nodiscard]] double sum(const std::string& name, const std::string& label = "") const;
    /// What the reading says about one source's records, or about all.
    [[nodiscard]] double records(const std::string& what, const std::string& source = "") const;
    /// `read + recovered + replayed = delivered + dead_lettered + dropped + in_flight` for that source.
    [[nodiscard]] bool adds_up(const std::string& source) const;

  private:
    std::multimap<std::string, std::pair<std::string, double>> samples_;  ///< name -> labels, value
};

}  // namespace aep::e2e
