#pragma once

#include <set>
#include <string>

#include "config/problem.hpp"
#include "config/registry.hpp"

namespace aep::config {

/// What reading one configuration collects. Confined.
struct Context {
    Problems problems;
    Problems warnings;
    std::set<std::string> known_keys;  ///< every key that was asked for: "destinations[].batch.linger"
    Registry platforms{"platform"};
    Registry sources{"source"};
    Registry streams{"stream"};
    Registry destinations{"destination"};
};

}  // namespace aep::config
