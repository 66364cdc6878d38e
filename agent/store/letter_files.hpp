#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/letter_directory.hpp"
#include "store/line_file.hpp"
#include "store/options.hpp"

namespace aep::store {

/// Where lines of dead letters go: into numbered files of a directory that together stay below a budget, or
/// into one file. The file of a directory that is being written is locked; all others are closed, and anybody
/// who gets their lock may read, move or remove them. Confined to the writer's thread.
class LetterFiles {
  public:
    static constexpr std::uint64_t kFileBytes = std::uint64_t{64} << 20U;
    /// A file that lines keep coming for is closed after so long, so that it can be replayed.
    static constexpr std::chrono::minutes kMostOpen{10};

    /// Files `<prefix>-<UTC time>-<n>.ndjson` in `options.dir`: a new one for this process, and whenever
    /// one has reached its share of the budget, kFileBytes at most. All regular files there count for
    /// `max_bytes`, and those of its `replayed`, which go first when room is needed.
    static LetterFiles in_directory(const DeadLetterOptions& options, std::string prefix = "dead-letter");
    /// One file, made or continued when the first line comes, without a budget. Never locked.
    static LetterFiles one_file(std::filesystem::path file);

    enum class Trouble : std::uint8_t { None, Unwritable, OverBudget };
    struct Appended {
        std::size_t lines = 0;  ///< the first so many are on disk
        Trouble trouble = Trouble::None;
        base::Error error;             ///< where there is trouble
        std::vector<Removed> dropped;  ///< older files that had to go (WhenFull::DropOldest)
    };
    /// Writes as many of the lines as fit, in their order. Without trouble it may still be fewer than all:
    /// call again with the rest.
    [[nodiscard]] Appended append(std::span<const std::string> lines);

    /// Nothing has come for a while, or nothing can be written: closes the file of a directory, so that
    /// others may replay or purge it. The next line continues it where nobody has taken it meanwhile.
    void rest();

    /// Bytes of all files, counted again at most once a second.
    [[nodiscard]] std::uint64_t bytes();

  private:
    LetterFiles(DeadLetterOptions options, std::string prefix, std::uint64_t file_bytes);

    [[nodiscard]] std::size_t fitting(std::span<const std::string> lines) const;
    [[nodiscard]] std::vector<Removed> make_room(std::uint64_t bytes);
    [[nodiscard]] bool is_directory() const { return !prefix_.empty(); }
    [[nodiscard]] base::Result<> make_ready();
    [[nodiscard]] base::Result<LineFile> next_file() const;
    [[nodiscard]] std::optional<LineFile> continued() const;
    void count_again();

    const DeadLetterOptions options_;  ///< `dir`: the directory, or the one file
    const std::string prefix_;         ///< empty: one file
    const std::uint64_t file_bytes_;
    std::optional<LineFile> file_;
    base::SteadyTime opened_at_ = {};
    std::filesystem::path rested_;  ///< what rest() closed
    std::uint64_t used_ = 0;
    std::optional<base::SteadyTime> counted_at_;
};

}  // namespace aep::store
