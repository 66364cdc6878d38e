#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aep::base {

/// The candidate that `word` was probably meant to be, by edit distance (a swap of neighbours counts once);
/// empty where none is near.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "did you mean 'linger'?" or, where nothing is near, "`otherwise`: a, b, c".
[[nodiscard]] std::string suggest(std::string_view word, const std::vector<std::string>& candidates,
                                  std::string_view otherwise);

}  // namespace aep::base
