#include "telemetry/log_line.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.hpp"
#include "base/utf8.hpp"

namespace aep::telemetry {
namespace {

std::string_view name_of(LogOptions::Level level) {
    switch (level) {
        case LogOptions::Level::Debug:
            return "debug";
        case LogOptions::Level::Info:
            return "info";
        case LogOptions::Level::Warn:
            return "warn";
        case LogOptions::Level::Error:
            return "error";
    }
    return "error";
}

bool is_c1(std::string_view text, std::size_t at) {
    return text[at] == '\xC2' && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0;
}

bool is_plain(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (static_cast<unsigned char>(text[i]) < 0x20 || text[i] == 0x7F || is_c1(text, i)) return false;
    }
    return base::is_utf8(text);
}

// JSON asks only for C0 to be escaped, terminals obey DEL and C1 as well.
std::string quoted(std::string_view text) {
    std::string json;
    base::append_json_string(json, base::to_utf8(text));
    if (is_plain(json)) return json;
    std::string safe;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] == 0x7F) {
            safe += "\\u007f";
        } else if (is_c1(json, i)) {
            safe += fmt::format("\\u{:04x}", static_cast<unsigned char>(json[++i]));
        } else {
            safe += json[i];
        }
    }
    return safe;
}

std::string text_value(std::string_view value) {
    const bool bare = !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos;
    return bare && is_plain(value) ? std::string{value} : quoted(value);
}

std::string render_text(const LogEvent& event) {
    const std::string sentence = is_plain(event.sentence) ? event.sentence : quoted(event.sentence);
    std::string line = fmt::format("{} {} {}: {}", base::format_rfc3339(event.time), name_of(event.level),
                                   event.code, sentence);
    for (const auto& [name, value] : event.fields) line += fmt::format(" {}={}", name, text_value(value));
    if (event.repeated > 0) line += fmt::format(" repeated={}", event.repeated);
    return line;
}

std::string render_json(const LogEvent& event) {
    std::string line =
        fmt::format(R"({{"time":"{}","level":"{}","code":{},"message":{})", base::format_rfc3339(event.time),
                    name_of(event.level), quoted(event.code), quoted(event.sentence));
    for (const auto& [name, value] : event.fields) {
        line += fmt::format(",{}:{}", quoted(name), quoted(value));
    }
    if (event.repeated > 0) line += fmt::format(R"(,"repeated":{})", event.repeated);
    line += '}';
    return line;
}

}  // namespace

std::string render(const LogEvent& event, LogOptions::Format format) {
    return format == LogOptions::Format::Json ? render_json(event) : render_text(event);
}

}  // namespace aep::telemetry
