#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "config/problem.hpp"
#include "config/value.hpp"

namespace aep::config {

/// Bounds on one file. Aliases are expanded, so the number of values is bounded too.
inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxValues = 100'000;
inline constexpr std::size_t kMaxDepth = 32;

/// The text of a YAML file as a map of Values. Adds what is wrong to `problems`: syntax, duplicate keys (YAML
/// libraries keep one of them silently), merge keys, keys that are not plain. Nothing where there is no map.
/// An empty file is an empty map.
[[nodiscard]] std::optional<Value> parse_yaml(const std::string& text,
                                              const std::shared_ptr<const File>& file, Problems& problems);

}  // namespace aep::config
