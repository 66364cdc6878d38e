#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.hpp"

namespace aep::store {

/// Writes a small file whole or not at all, synced, of mode 0600; replaces what was there.
[[nodiscard]] base::Result<void> write_durably(const std::filesystem::path& file, std::string_view contents);

}  // namespace aep::store
