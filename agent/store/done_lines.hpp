#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace aep::store {

/// Which lines of a file of dead letters have been replayed, so that an interrupted replay goes on where it
/// was and nothing is sent twice. Kept in `FILE.done` beside it:
///
///     inode 1234567       the file it speaks of; of another file it says nothing
///     1-812               lines, from 1, both ends included; in any order
///     815-815
///
/// Confined.
class DoneLines {
  public:
    /// What is known of this file; nothing done where there is no FILE.done that speaks of it.
    [[nodiscard]] static DoneLines of(const std::filesystem::path& letters);

    [[nodiscard]] bool contains(std::uint64_t line) const { return line < done_.size() && done_[line]; }
    [[nodiscard]] std::uint64_t count() const { return count_; }

    /// Adds lines (ascending) and syncs.
    [[nodiscard]] base::Result<> add(std::span<const std::uint64_t> lines);
    /// Removes FILE.done: the file itself is through, or gone.
    void forget() const;

  private:
    explicit DoneLines(std::filesystem::path letters);
    void mark(std::uint64_t first, std::uint64_t last);

    std::filesystem::path file_;
    std::uint64_t inode_ = 0;  ///< 0: there is no such file
    std::vector<bool> done_;   ///< by line number
    std::uint64_t count_ = 0;
    bool is_begun_ = false;  ///< FILE.done is there and speaks of this file
};

}  // namespace aep::store
