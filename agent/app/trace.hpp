#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace aep::app {

/// The record that somebody asks for: by the entity's `_id`, or by where it was read.
struct TraceQuestion {
    std::string id;
    std::string file;
    std::uint64_t offset = 0;  ///< of its first byte in `file`
};

/// One thing that is known of the record, and when it happened.
struct Station {
    enum class Kind { Accepted, Refused, DeadLetter, Replayed };
    Kind kind = Kind::Accepted;
    std::string time;   ///< RFC 3339
    std::string words;  ///< for people, one line
    std::string place;  ///< FILE:LINE of what says so
    std::string id;
    std::string file;
    std::uint64_t position = 0;
};

struct Trace {
    std::vector<Station> stations;     ///< by time
    std::vector<std::string> unknown;  ///< what could not be looked at, and what that may hide
    std::string conclusion;            ///< what became of it, in one sentence
};

/// Looks through receipts and dead letters, also beside a running daemon.
[[nodiscard]] Trace trace(const TraceQuestion& question, const config::Config& config);

[[nodiscard]] std::string to_text(const Trace& trace);
[[nodiscard]] std::string to_json(const Trace& trace);

}  // namespace aep::app
