#pragma once

#include <cstddef>
#include <cstdint>

namespace aep::record {

/// Of a longer record only its last bytes are hashed.
inline constexpr std::size_t kTailBytes = 1024;

/// What the last record before a position was: where it ends, and the 64-bit hash of its last bytes (at most
/// kTailBytes). With the first bytes of the file it tells a copy of the file, and the file itself, from any
/// other that begins alike.
struct Tail {
    std::uint64_t end = 0;  ///< in bytes from the file's start; 0: nothing is known
    std::uint64_t hash = 0;
    std::uint32_t size = 0;  ///< bytes that were hashed

    friend bool operator==(const Tail&, const Tail&) = default;
};

}  // namespace aep::record
