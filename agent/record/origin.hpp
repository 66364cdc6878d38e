#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace aep::record {

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
};

using OriginPtr = std::shared_ptr<const Origin>;

}  // namespace aep::record
