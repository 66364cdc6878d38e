#include "app/load_config.hpp"

#include <utility>

#include "app/standard_streams.hpp"

namespace aep::app {

std::optional<config::Config> report_outcome(config::LoadOutcome outcome, std::string_view command) {
    for (const config::Problem& warning : outcome.warnings) {
        say("warning: {}\n", warning.to_string());
    }
    for (const config::Problem& problem : outcome.problems) say("{}\n", problem.to_string());
    if (!outcome.config) {
        say("aep-agent {}: {} problem{} in the configuration, nothing was started\n", command,
            outcome.problems.size(), outcome.problems.size() == 1 ? "" : "s");
    }
    return std::move(outcome.config);
}

std::optional<config::Config> load_config(const std::vector<std::filesystem::path>& paths,
                                          std::string_view command, const config::LoadOptions& options) {
    return report_outcome(config::load(paths, options), command);
}

}  // namespace aep::app
