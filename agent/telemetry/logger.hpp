#pragma once

#include <functional>
#include <mutex>
#include <string_view>

#include "base/clock.hpp"
#include "telemetry/log.hpp"
#include "telemetry/log_line.hpp"
#include "telemetry/repeat_filter.hpp"

namespace aep::telemetry {

/// What stands behind the functions of log.hpp; a class of its own so that tests bring their own clock and
/// sink. Guarded by its own mutex, under which the sink is called. Never throws: a log that cannot be written
/// does not stop the agent.
class Logger {
  public:
    using Level = LogOptions::Level;
    /// Takes one line, without its newline.
    using Sink = std::function<void(Level, std::string_view line)>;
    using Clock = std::function<base::SteadyTime()>;

    static constexpr std::size_t kMaxValue = 4096;  ///< bytes of a field's value or of the sentence

    explicit Logger(Sink sink, Clock clock = base::SteadyClock::now);
    ~Logger() { flush(); }
    Logger(const Logger&) = delete;
    Logger& operator=(const Logger&) = delete;

    void configure(const LogOptions& options) noexcept;
    void write(Level level, std::string_view code, std::string_view sentence, log::Fields fields) noexcept;
    void flush() noexcept;

  private:
    void put(const LogEvent& event);

    const Sink sink_;
    const Clock clock_;
    std::mutex mutex_;
    LogOptions options_;
    RepeatFilter repeats_;
};

}  // namespace aep::telemetry
