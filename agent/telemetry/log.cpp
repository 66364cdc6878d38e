#include "telemetry/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>

#include "telemetry/logger.hpp"

namespace aep::telemetry::log {
namespace {

using Level = LogOptions::Level;

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::Debug:
            return spdlog::level::debug;
        case Level::Info:
            return spdlog::level::info;
        case Level::Warn:
            return spdlog::level::warn;
        case Level::Error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

// Lines are rendered by us (a value must never break one); spdlog writes them.
Logger::Sink stderr_sink() {
    auto logger =
        std::make_shared<spdlog::logger>("aep-agent", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(spdlog::level::trace);
    logger->set_pattern("%v");
    return [logger](Level level, std::string_view line) { logger->log(to_spdlog(level), line); };
}

// The one logger of the process: every room writes to the same stderr.
Logger& process_logger() {
    static Logger logger{stderr_sink()};
    return logger;
}

}  // namespace

void configure(const LogOptions& options) {
    process_logger().configure(options);
}

void debug(std::string_view code, std::string_view sentence, Fields fields) {
    process_logger().write(Level::Debug, code, sentence, fields);
}

void info(std::string_view code, std::string_view sentence, Fields fields) {
    process_logger().write(Level::Info, code, sentence, fields);
}

void warn(std::string_view code, std::string_view sentence, Fields fields) {
    process_logger().write(Level::Warn, code, sentence, fields);
}

void error(std::string_view code, std::string_view sentence, Fields fields) {
    process_logger().write(Level::Error, code, sentence, fields);
}

void flush() {
    process_logger().flush();
}

}  // namespace aep::telemetry::log
