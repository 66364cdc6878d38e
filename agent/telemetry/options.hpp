#pragma once

#include <string>

namespace aep::telemetry {

struct LogOptions {
    enum class Level { Debug, Info, Warn, Error };
    enum class Format { Text, Json };
    Level level = Level::Info;
    Format format = Format::Text;
};

/// `telemetry:`.
struct TelemetryOptions {
    std::string listen = "127.0.0.1:9464";  ///< "host:port", "[::1]:port"; empty: no server
    LogOptions log;
};

}  // namespace aep::telemetry
