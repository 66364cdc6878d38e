#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/line_file.hpp"

namespace aep::store {

/// Where lines of dead letters go: into numbered files of a directory that together stay below a budget, or
/// into one file. Confined to the writer's thread.
class LetterFiles {
  public:
    static constexpr std::uint64_t kFileBytes = std::uint64_t{64} << 20U;

    /// Files `dead-letter-<UTC time>-<n>.ndjson` in `directory`: a new one for this process, and whenever one
    /// has reached `file_bytes`. All regular files there count for `max_bytes`.
    static LetterFiles in_directory(std::filesystem::path directory, std::uint64_t max_bytes,
                                    std::uint64_t file_bytes = kFileBytes);
    /// One file, made or continued when the first line comes, without a budget.
    static LetterFiles one_file(std::filesystem::path file);

    enum class Trouble : std::uint8_t { None, Unwritable, OverBudget };
    struct Appended {
        std::size_t lines = 0;  ///< the first so many are on disk
        Trouble trouble = Trouble::None;
        base::Error error;  ///< where there is trouble
    };
    /// Writes as many of the lines as fit, in their order. Without trouble it may still be fewer than all:
    /// call again with the rest.
    [[nodiscard]] Appended append(std::span<const std::string> lines);

    /// Bytes of all files, counted again at most once a second.
    [[nodiscard]] std::uint64_t bytes();

  private:
    LetterFiles(std::filesystem::path path, bool is_directory, std::uint64_t max_bytes,
                std::uint64_t file_bytes);

    [[nodiscard]] std::size_t fitting(std::span<const std::string> lines) const;
    [[nodiscard]] base::Result<> make_ready();
    [[nodiscard]] base::Result<LineFile> next_file() const;
    void count_again();

    std::filesystem::path path_;  ///< the directory, or the one file
    bool is_directory_;
    std::uint64_t max_bytes_;
    std::uint64_t file_bytes_;
    std::optional<LineFile> file_;
    std::uint64_t used_ = 0;
    std::optional<base::SteadyTime> counted_at_;
};

}  // namespace aep::store
