#pragma once

#include <string>

#include "config/config.hpp"

namespace aep::config {

/// "2 sources, 1 stream, 1 destination"
[[nodiscard]] std::string summary(const Config& config);

}  // namespace aep::config
