#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Patterns for paths as glob(3) has them: `*`, `?` and `[...]` match within one component and never a
/// leading dot, a backslash takes the next character literally; beyond glob(3) a component `**` stands for
/// any number of directories, also none.
namespace aep::source {

[[nodiscard]] bool has_wildcard(std::string_view pattern);

/// "/var/log/*.json" -> {"var", "log", "*.json"}. Empty components and "." are left out.
[[nodiscard]] std::vector<std::string> split_path(std::string_view path);

/// One component against one file name.
[[nodiscard]] bool matches_name(const std::string& pattern, const std::string& name);

/// A whole path against a pattern with slashes; against one without: its last component. Leading dots are
/// nothing special here, because it is for excluding.
[[nodiscard]] bool is_excluded(const std::string& pattern, const std::string& path);

}  // namespace aep::source
