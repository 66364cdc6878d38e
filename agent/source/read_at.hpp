#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "source/scanner.hpp"

namespace aep::source {

/// Reads until `size` bytes are there or the file ends.
[[nodiscard]] base::Result<std::size_t> read_at(int fd, char* bytes, std::size_t size,
                                                std::uint64_t position);

/// What the system says of a file that concerns its reader.
struct FileStatus {
    FileIdentity identity;
    std::uint64_t size = 0;
    base::WallTime modified = {};
    bool regular = false;
    bool deleted = false;  ///< no name leads to it any more
};
[[nodiscard]] base::Result<FileStatus> status_of(int fd);
/// Links are followed.
[[nodiscard]] base::Result<FileStatus> status_of(const std::string& path);

}  // namespace aep::source
