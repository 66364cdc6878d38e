#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace aep::source {

/// Reads until `size` bytes are there or the file ends.
[[nodiscard]] base::Result<std::size_t> read_at(int fd, char* bytes, std::size_t size,
                                                std::uint64_t position);

/// What fstat says of a file that concerns its reader.
struct FileStatus {
    std::uint64_t size = 0;
    base::WallTime modified = {};
    bool deleted = false;  ///< no name leads to it any more
};
[[nodiscard]] base::Result<FileStatus> status_of(int fd);

/// A file's time of modification.
[[nodiscard]] constexpr base::WallTime wall_time(const timespec& time) {
    return base::WallTime{std::chrono::duration_cast<base::WallClock::duration>(
        std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec})};
}

}  // namespace aep::source
