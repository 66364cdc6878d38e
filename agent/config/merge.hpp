#pragma once

#include <vector>

#include "config/problem.hpp"
#include "config/value.hpp"

namespace aep::config {

/// One configuration out of the files' maps, in order. The lists of the top level (`sources:`, ...) are put
/// together, maps are merged key by key; any other key given in two files is a problem that names both
/// places. Ids given twice are found later, when the entries are read.
[[nodiscard]] Value merge(std::vector<Value> files, Problems& problems);

}  // namespace aep::config
