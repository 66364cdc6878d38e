#include "telemetry/pages.hpp"

namespace aep::telemetry {
namespace {

constexpr const char* kPlainText = "text/plain; charset=utf-8";
// What scrapers of the text format 0.0.4 look for.
constexpr const char* kMetricsText = "text/plain; version=0.0.4; charset=utf-8";

constexpr const char* kNothingHere =
    "nothing here; there are\n"
    "  /metrics   the metrics in the Prometheus text format\n"
    "  /healthz   200 while the process works\n"
    "  /readyz    200 when the agent can do its job, else 503 and why not\n";

}  // namespace

Page page_of(std::string_view target, const Metrics& metrics, const Health& health) {
    const std::string_view path = target.substr(0, target.find('?'));
    if (path == "/metrics") return {200, kMetricsText, metrics.text()};
    if (path == "/healthz") return {200, kPlainText, "ok\n"};
    if (path != "/readyz") return {404, kPlainText, kNothingHere};
    // One reading: between ready() and report() the last trouble could go.
    const std::string troubles = health.report();
    if (troubles.empty()) return {200, kPlainText, "ready\n"};
    return {503, kPlainText, troubles};
}

}  // namespace aep::telemetry
