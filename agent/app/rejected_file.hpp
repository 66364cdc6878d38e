#pragma once

#include <filesystem>
#include <vector>

#include "base/result.hpp"

namespace aep::app {

/// Whether one-shot commands can keep rejects in `file`: said before the first record is sent, because later
/// they would wait for it. `inputs` are the files that are read: none of them may grow by what is rejected.
/// The error says what to do.
[[nodiscard]] base::Result<> check_rejected_file(const std::filesystem::path& file,
                                                 const std::vector<std::filesystem::path>& inputs);

}  // namespace aep::app
