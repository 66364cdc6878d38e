#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "config/problem.hpp"
#include "config/value.hpp"

namespace aep::config {

/// A variable's value, nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The environment of this process.
[[nodiscard]] Environment process_environment();

/// Bound on a file that `${file:PATH}` names.
inline constexpr std::size_t kMaxSecretBytes = std::size_t{64} << 10U;

/// Replaces `${NAME}`, `${NAME:-default}` and `${file:PATH}` in every scalar below `root`; `$${` becomes a
/// literal `${`. As in a shell, the default also stands for an empty variable. A file loses one newline at
/// its end. Works on parsed values, so that a replacement never adds structure. Keys that hold expressions
/// (`pattern`) stay as they are. What fails is reported and marked broken.
void substitute(Value& root, const Environment& environment, Problems& problems);

}  // namespace aep::config
