#include "telemetry/logger.hpp"

#include <string>
#include <utility>

#include "base/utf8.hpp"

namespace aep::telemetry {
namespace {

// Cut between characters, so that the end does not turn into a replacement character.
std::string bounded(std::string_view text) {
    if (text.size() <= Logger::kMaxValue) return std::string{text};
    std::size_t end = Logger::kMaxValue;
    while (end > Logger::kMaxValue - 4 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return std::string{text.substr(0, end)} + "...";
}

LogEvent make_event(LogOptions::Level level, std::string_view code, std::string_view sentence,
                    log::Fields fields) {
    LogEvent event;
    event.level = level;
    event.time = base::WallClock::now();
    event.code = code;
    event.sentence = bounded(sentence);
    for (const log::Field& field : fields) event.fields.emplace_back(field.name, bounded(field.value));
    return event;
}

}  // namespace

Logger::Logger(Sink sink, Clock clock) : sink_{std::move(sink)}, clock_{std::move(clock)} {}

void Logger::configure(const LogOptions& options) noexcept {
    const std::lock_guard lock{mutex_};
    options_ = options;
}

void Logger::write(Level level, std::string_view code, std::string_view sentence, log::Fields fields) noexcept
    try {
    const std::lock_guard lock{mutex_};
    if (level < options_.level) return;
    LogEvent event = make_event(level, code, sentence, fields);
    if (level < Level::Warn) return put(event);
    for (const LogEvent& due : repeats_.pass(std::move(event), clock_())) put(due);
} catch (...) {
    // Out of memory, or stderr is gone: there is nowhere to tell it.
}

void Logger::flush() noexcept try {
    const std::lock_guard lock{mutex_};
    for (const LogEvent& due : repeats_.take_all()) put(due);
} catch (...) {
    // As above.
}

void Logger::put(const LogEvent& event) {
    sink_(event.level, render(event, options_.format));
}

}  // namespace aep::telemetry
