#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "record/position_store.hpp"

namespace aep::source {

/// What was read of a file, in so far that a copy of it can be told from any other file: its first bytes and
/// the last that were read, and where those are. A program that rotates by `copytruncate` copies a log and
/// truncates it: what was not read before is in the copy.
struct Trace {
    record::Fingerprint head;
    record::Fingerprint tail;  ///< of the bytes before `end`
    std::uint64_t end = 0;     ///< 0: nothing was read

    /// `bytes` were read, and the last of them is followed by `new_end`.
    void extend(std::string_view bytes, std::uint64_t new_end);
};

/// Whether the file holds what `trace` was left by, and maybe more. Reads 2 KiB at most.
[[nodiscard]] base::Result<bool> holds(int fd, const Trace& trace);

}  // namespace aep::source
