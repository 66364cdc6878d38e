#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "telemetry/options.hpp"

namespace aep::telemetry {

/// One event of the log. Owns its text, so that a repeated one can be written later.
struct LogEvent {
    LogOptions::Level level = LogOptions::Level::Info;
    base::WallTime time = {};
    std::string code;
    std::string sentence;
    std::vector<std::pair<std::string, std::string>> fields;
    std::uint64_t repeated = 0;  ///< how many like it were not written
};

/// The event as one line, without its newline. Whatever the values hold, the line stays one line: control
/// characters (C0, DEL and C1, which a terminal would obey) are escaped, invalid UTF-8 is replaced.
///
/// Text: `2026-01-31T12:00:00.123Z warn inlet_unreachable: cannot connect destination=inlet in="0.5 s"`.
/// Json: `{"time":"...","level":"warn","code":"...","message":"...","destination":"inlet"}`.
[[nodiscard]] std::string render(const LogEvent& event, LogOptions::Format format);

}  // namespace aep::telemetry
