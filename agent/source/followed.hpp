#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "source/file_reader.hpp"

namespace aep::source {

/// A file that a FileSource follows: its reader, and what the source has to know beside it.
struct Followed {
    explicit Followed(std::unique_ptr<FileReader> its_reader) : reader{std::move(its_reader)} {}

    std::unique_ptr<FileReader> reader;
    std::string canonical;  ///< the name that the Watcher knows it by
    bool gzip = false;
    bool due = false;                          ///< to be read in the next round
    std::optional<base::SteadyTime> retry_at;  ///< could not be read; in FileSource::failing_
    std::chrono::milliseconds backoff{0};

    std::uint64_t scan = 0;  ///< the last one that found it
    // Of a file that no glob reaches any more:
    std::optional<base::SteadyTime> missing_since;
    unsigned missed = 0;    ///< by so many scans in a row
    bool nameless = false;  ///< nor is it in its directory under another name: deleted, or moved elsewhere
    base::SteadyTime grown_at = {};  ///< when something new was read last

    // What the PositionStore has been told:
    bool remembered = false;  ///< of the file; before that nothing of it is read
    bool finished = false;    ///< of a file that has an end: that it has been settled up to there
    std::uint32_t fingerprint_size = 0;
    base::WallTime seen_at = {};
};

}  // namespace aep::source
