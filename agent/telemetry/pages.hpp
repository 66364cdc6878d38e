#pragma once

#include <string>
#include <string_view>

#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::telemetry {

/// An answer of the server.
struct Page {
    int status = 200;
    std::string content_type;
    std::string body;
};

/// What GET of `target` (a path, perhaps with a query) shows: /metrics, /healthz, /readyz, else 404 with a
/// list of these. Free-threaded.
[[nodiscard]] Page page_of(std::string_view target, const Metrics& metrics, const Health& health);

}  // namespace aep::telemetry
