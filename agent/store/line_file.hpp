#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace aep::store {

/// A file that lines are appended to, mode 0600. It never keeps a torn line: what a full disk cut off is
/// taken back. Others may move or remove it at any time. Confined. Move-only; closes on destruction.
class LineFile {
  public:
    enum class Make : std::uint8_t {
        New,       ///< an existing file is an error (EEXIST); locked
        Existing,  ///< a missing file is an error (ENOENT); locked
        NewOrExisting,
    };

    /// Opens and makes `path` durable in its directory. An existing file whose last line is open is given a
    /// line end first. A locked file (flock) tells others that it is being written, for as long as this
    /// object lives; where someone else holds the lock the error is EAGAIN. What root makes in a directory of
    /// another user is given to that user.
    [[nodiscard]] static base::Result<LineFile> open(const std::filesystem::path& path, Make make);

    LineFile(LineFile&& other) noexcept
        : path_{std::move(other.path_)}, descriptor_{std::exchange(other.descriptor_, -1)} {}
    LineFile& operator=(LineFile&& other) noexcept;
    ~LineFile();

    /// What append() achieved: the first `lines` are on disk, and if that is not all, why.
    struct Appended {
        std::size_t lines = 0;
        std::uint64_t bytes = 0;
        std::optional<base::Error> error;
        bool spoiled = false;  ///< what the file holds is no longer known: close it
    };
    /// Writes the lines (each with its newline) and syncs once.
    [[nodiscard]] Appended append(std::span<const std::string> lines);

    /// It is still what its path names: not moved, not removed.
    [[nodiscard]] bool in_place() const;
    /// It has a name somewhere: what was written can be found.
    [[nodiscard]] bool reachable() const;
    [[nodiscard]] std::uint64_t size() const;
    /// Removes it where it is empty, so that failures do not litter the directory.
    void remove_if_empty() const;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    LineFile(std::filesystem::path path, int descriptor) : path_{std::move(path)}, descriptor_{descriptor} {}

    std::filesystem::path path_;
    int descriptor_ = -1;
};

}  // namespace aep::store
