#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace aep::app {

/// The agent's id: part of generated event ids. Random, made once, kept in `state_dir`, so that the same
/// record has the same id after a restart, and two hosts never make the same. Makes the directory and the id
/// where they are missing; fails where that cannot be done.
[[nodiscard]] base::Result<std::string> load_or_make_agent_id(const std::filesystem::path& state_dir);

/// For one-shot commands, which keep no state: the daemon's id where it can be read, else a constant, so that
/// the same file sent twice makes the same ids.
[[nodiscard]] std::string one_shot_agent_id(const std::filesystem::path& state_dir);

}  // namespace aep::app
