#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.hpp"
#include "source/glob.hpp"

namespace aep::source {

/// A file whatever its name. Compared by device and inode, which a file system gives to another file once
/// this one is gone and nobody has it open.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t born = 0;  ///< when the inode was made, in ns since 1970; 0: the file system does not say

    /// Of two with the same device and inode: they are different files all the same.
    [[nodiscard]] bool is_another_life_of(std::uint64_t others_born) const {
        return born != 0 && others_born != 0 && born != others_born;
    }

    friend bool operator==(const FileIdentity& left, const FileIdentity& right) {
        return left.device == right.device && left.inode == right.inode;
    }
    friend bool operator<(const FileIdentity& left, const FileIdentity& right) {
        return std::tie(left.device, left.inode) < std::tie(right.device, right.inode);
    }
};

struct FoundFile {
    std::string path;
    FileIdentity identity;
    std::uint64_t size = 0;
    base::WallTime modified = {};
    bool gzip = false;  ///< compressed, and asked for as such
};

/// The regular file of that name, links followed.
[[nodiscard]] std::optional<FoundFile> regular_file(const std::string& path);

/// The regular files in a directory, links followed, by name; empty where it cannot be listed.
[[nodiscard]] std::vector<FoundFile> files_in(const std::string& directory);

/// Finds the files that a source's globs name. Only regular files (symbolic links are followed, but `**` does
/// not walk through them), each identity once, in the order of the globs and by name within each. Files whose
/// names end in ".gz" only where the glob itself says so. Confined.
class Scanner {
  public:
    static constexpr std::size_t kMaxDepth = 64;       ///< directories below a glob's fixed part
    static constexpr std::size_t kMaxFiles = 100'000;  ///< of one source; more are reported, not read

    struct Found {
        std::vector<FoundFile> files;
        std::vector<std::string> missing;  ///< includes that name no regular file
        std::vector<std::string> unreadable_directories;
        bool too_many = false;
    };

    /// Called with each directory in which a new name may concern the source, before it is listed.
    using OnDirectory = std::function<void(const std::string& path)>;

    Scanner(std::vector<std::string> include, std::vector<std::string> exclude)
        : include_{std::move(include)}, exclude_{std::move(exclude)} {}

    [[nodiscard]] Found scan(const OnDirectory& on_directory) const;

  private:
    class Walk;

    std::vector<std::string> include_;
    std::vector<std::string> exclude_;
};

}  // namespace aep::source
