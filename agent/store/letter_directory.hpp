#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

/// What a directory of dead letters holds: files of letters (`*.ndjson`), which of their lines are replayed
/// (done_lines.hpp), and in `replayed/` the files that are through. Free functions without state.
namespace aep::store {

/// Its files of letters, the one written last comes last.
[[nodiscard]] std::vector<std::filesystem::path> letter_files_in(const std::filesystem::path& directory);

/// Where a file goes that has been replayed to its end.
[[nodiscard]] std::filesystem::path replayed_place(const std::filesystem::path& letters);

/// Moves it there.
[[nodiscard]] base::Result<> put_away(const std::filesystem::path& letters);

/// Bytes of all regular files there and in `replayed/`.
[[nodiscard]] std::uint64_t bytes_in(const std::filesystem::path& directory);

/// Removes the oldest file of `replayed/`. Nothing where there is none; else its size.
[[nodiscard]] std::optional<std::uint64_t> remove_oldest_replayed(const std::filesystem::path& directory);

struct Removed {
    std::filesystem::path file;
    std::uint64_t bytes = 0;
    std::uint64_t letters = 0;  ///< that were not replayed
};
/// Removes the oldest file `<prefix>-...` that nobody writes or replays. Nothing where there is none.
[[nodiscard]] std::optional<Removed> remove_oldest_closed(const std::filesystem::path& directory,
                                                          const std::string& prefix);

}  // namespace aep::store
