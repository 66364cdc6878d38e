#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace aep::config {

/// The contents of a file of at most `limit` bytes; an error for larger ones, directories, and what cannot be
/// read. The error does not repeat the path.
[[nodiscard]] base::Result<std::string> read_text(const std::filesystem::path& path, std::size_t limit);

}  // namespace aep::config
