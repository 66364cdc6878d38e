#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/load.hpp"

namespace aep::app {

/// Says on stderr everything that is wrong with a configuration (then nothing is returned), and its warnings.
[[nodiscard]] std::optional<config::Config> report_outcome(config::LoadOutcome outcome,
                                                           std::string_view command);

/// Loads the configuration for a command and reports as above.
[[nodiscard]] std::optional<config::Config> load_config(const std::vector<std::filesystem::path>& paths,
                                                        std::string_view command,
                                                        const config::LoadOptions& options = {});

}  // namespace aep::app
