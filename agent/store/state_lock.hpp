#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace aep::store {

/// One process per state_dir: an advisory lock on its file `lock`, which holds the owner's process id. The
/// system releases it when the process ends, however it does. Move-only.
class StateLock {
  public:
    /// Makes `state_dir` where it is missing. The error names the process that has the lock.
    [[nodiscard]] static base::Result<StateLock> take(const std::filesystem::path& state_dir);
    StateLock(StateLock&& other) noexcept;
    StateLock& operator=(StateLock&&) = delete;
    ~StateLock();

  private:
    explicit StateLock(int fd) : fd_{fd} {}
    int fd_;
};

}  // namespace aep::store
