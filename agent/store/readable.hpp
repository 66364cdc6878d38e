#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace aep::store {

/// For commands that look at what an agent keeps: what they may not see must not look like nothing. No error
/// where `directory` can be listed, or is not there at all.
[[nodiscard]] base::Result<> check_readable(const std::filesystem::path& directory);

}  // namespace aep::store
