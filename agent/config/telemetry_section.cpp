#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {
namespace {

using Level = telemetry::LogOptions::Level;
using Format = telemetry::LogOptions::Format;

const Words<Level> kLevels{
    {{"debug", Level::Debug}, {"info", Level::Info}, {"warn", Level::Warn}, {"error", Level::Error}}};
const Words<Format> kFormats{{{"text", Format::Text}, {"json", Format::Json}}};

void read_log(MapReader log, telemetry::LogOptions& options) {
    log.choice("level", options.level, kLevels);
    log.choice("format", options.format, kFormats);
    log.finish();
}

}  // namespace

telemetry::TelemetryOptions read_telemetry(MapReader telemetry) {
    telemetry::TelemetryOptions options;
    if (telemetry.is_word("listen", "off", false)) {
        options.listen.clear();
    } else {
        telemetry.text("listen", options.listen, check_listen);
    }
    read_log(telemetry.section("log"), options.log);
    telemetry.finish();
    return options;
}

}  // namespace aep::config
