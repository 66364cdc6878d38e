#pragma once

#include <filesystem>
#include <string>

namespace aep::e2e {

/// An ext4 of a few MiB, in a file. It gives the inode of a deleted file to the next one, and it says when a
/// file was made. Mounted where only the test's process and its children see it; goes with this object.
class SmallFileSystem {
  public:
    /// `directory` takes the file and the mount point.
    explicit SmallFileSystem(const std::filesystem::path& directory);
    ~SmallFileSystem();
    SmallFileSystem(const SmallFileSystem&) = delete;
    SmallFileSystem& operator=(const SmallFileSystem&) = delete;

    /// Why there is none, mostly because the test may not mount; empty: it is there.
    [[nodiscard]] const std::string& missing() const { return missing_; }
    [[nodiscard]] std::string file(const std::string& name) const { return (mount_point_ / name).string(); }

  private:
    void make(const std::filesystem::path& directory);

    std::filesystem::path mount_point_;
    std::string missing_;
};

}  // namespace aep::e2e
