#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace aep::e2e {

/// A file system of its own that is soon full: a tmpfs, seen by this test and its children only, gone with
/// them. Needs the right to mount.
class SmallDisk {
  public:
    /// Mounts it at `directory`, which is made.
    SmallDisk(std::filesystem::path directory, std::size_t bytes);
    ~SmallDisk();
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    /// False: mounting is not permitted here. The test has nothing to say then.
    [[nodiscard]] bool is_there() const { return mounted_; }
    void resize(std::size_t bytes) const;
    void make_read_only() const;

  private:
    void remount(unsigned long flags, const std::string& options) const;

    std::filesystem::path directory_;
    bool mounted_ = false;
};

}  // namespace aep::e2e

/// For the top of a test that needs a SmallDisk.
#define AEP_SKIP_WITHOUT(disk) \
    if (!(disk).is_there()) GTEST_SKIP() << "may not mount a tmpfs: needs root, or CAP_SYS_ADMIN"
