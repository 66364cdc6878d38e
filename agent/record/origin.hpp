#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace aep::record {

/// What a dead letter that is sent again has behind it.
struct Replay {
    std::string first_time;      ///< when it first became a dead letter, RFC 3339
    std::uint64_t replays = 0;   ///< how often it is replayed, this time included
    std::uint64_t attempts = 0;  ///< how often it was sent before
};

/// Where records come from: one reader of a source (one generation of one file, one connection, stdin).
/// Immutable and shared by the reader's Blocks and its Ledger, hence free-threaded.
struct Origin {
    std::string source;        ///< id of the source in the configuration
    std::string stream;        ///< id of the stream its records go to
    std::string name;          ///< file path, peer address, or "stdin": for messages and dead letters
    std::string generation;    ///< random per generation of a file, or of the process: part of generated ids
    std::uint64_t reader = 0;  ///< unique within the process; keeps Blocks of one reader with one worker

    bool is_file = false;  ///< positions are offsets into `name`
    bool is_peer = false;  ///< `name` is the peer that sent the records

    /// The way through the workers (pipeline::RouteOptions::id). Empty: the source's.
    std::string route = {};
    std::shared_ptr<const Replay> replay = {};  ///< of a replayed dead letter; shared by none other

    [[nodiscard]] const std::string& way() const { return route.empty() ? source : route; }
};

using OriginPtr = std::shared_ptr<const Origin>;

}  // namespace aep::record
