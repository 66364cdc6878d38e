#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "config/config.hpp"
#include "config/effective.hpp"
#include "config/problem.hpp"
#include "config/read_config.hpp"
#include "config/substitute.hpp"

namespace aep::config {

/// A configuration, or all that is wrong with it.
struct LoadOutcome {
    std::optional<Config> config;  ///< present exactly when there are no problems
    Problems problems;             ///< in the order of files and lines
    Problems warnings;             ///< what works but is probably not meant, in the same order
    Effective effective;           ///< for `check --print`; whole only when there are no problems
};

struct LoadOptions {
    Sources sources = Sources::Required;
    Environment environment = process_environment();
};

/// Bounds on one configuration; on one file: yaml_file.hpp.
inline constexpr std::size_t kMaxFiles = 256;

/// Reads one or more files; a directory stands for its *.yaml in name order, without hidden ones. Several
/// files are one configuration: see merge.hpp. Does not throw for anything that a file may hold.
[[nodiscard]] LoadOutcome load(const std::vector<std::filesystem::path>& paths,
                               const LoadOptions& options = {});

/// The steps after parsing: substitution, reading, checks. `problems` are those found so far.
[[nodiscard]] LoadOutcome load_value(Value root, Problems problems, const LoadOptions& options);

}  // namespace aep::config
