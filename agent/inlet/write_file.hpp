#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

#include "base/result.hpp"

namespace aep::inlet {

/// Writes `text` beside `path` and renames it there, so that a reader finds all of it or nothing.
[[nodiscard]] base::Result<> write_file_atomically(const std::filesystem::path& path, std::string_view text,
                                                   mode_t mode);

/// Writes all of `text` to `fd`; the value is 0 or errno.
[[nodiscard]] int write_all(int fd, std::string_view text);

}  // namespace aep::inlet
