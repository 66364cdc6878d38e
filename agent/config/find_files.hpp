#pragma once

#include <filesystem>
#include <vector>

#include "config/problem.hpp"

namespace aep::config {

/// The files that the arguments of `-c` stand for, in order. What cannot be found is reported.
[[nodiscard]] std::vector<std::filesystem::path> find_files(
    const std::vector<std::filesystem::path>& arguments, Problems& problems);

}  // namespace aep::config
