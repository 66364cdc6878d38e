#pragma once

#include "config/config.hpp"
#include "config/context.hpp"
#include "config/effective.hpp"
#include "config/value.hpp"

namespace aep::config {

enum class Sources {
    Required,
    Optional,  ///< for commands that bring their own
};

/// Reads a whole configuration, checks its references and completes its streams. What is wrong is in the
/// context; the Config is of use only when nothing is.
[[nodiscard]] Config read_config(const Value& root, Sources sources, Effective& shown, Context& context);

}  // namespace aep::config
