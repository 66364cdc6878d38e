#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "record/position_store.hpp"

/// The positions of an agent for those who look after it (`aep-agent positions`).
namespace aep::store {

struct ListedMarks {
    std::vector<record::FileMark> marks;
    std::vector<record::FileMark> damaged;  ///< only source, generation and perhaps path are known
};

/// As of the last commit; also beside a running agent. Empty where there is no store yet.
[[nodiscard]] base::Result<ListedMarks> read_marks(const std::filesystem::path& state_dir);

/// Puts these marks as they are, positions included, in one commit. No agent may run: the caller has the
/// StateLock.
[[nodiscard]] base::Result<void> write_marks(const std::filesystem::path& state_dir,
                                             std::span<const record::FileMark> marks);

}  // namespace aep::store
