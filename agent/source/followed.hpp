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
    std::shared_ptr<const std::string>
        canonical;                             ///< the name that the Watcher knows it by; mostly the reader's
    std::optional<base::SteadyTime> retry_at;  ///< could not be read; in FileSource::failing_
    std::chrono::milliseconds backoff{0};

    std::uint64_t scan = 0;          ///< the last one that found it
    base::SteadyTime grown_at = {};  ///< when something new was read last
    bool gzip = false;
    bool due = false;  ///< to be read in the next round

    // Of a file that no glob reaches any more:
    bool nameless = false;  ///< nor is it in its directory under another name: deleted, or moved elsewhere
    unsigned missed = 0;    ///< by so many scans in a row
    std::optional<base::SteadyTime> missing_since;

    // What the PositionStore has been told:
    base::WallTime seen_at = {};
    std::uint32_t fingerprint_size = 0;
    bool remembered = false;  ///< of the file; before that nothing of it is read
    bool finished = false;    ///< of a file that has an end: that it has been settled up to there
};

}  // namespace aep::source
