#include "harness/small_disk.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace aep::e2e {

SmallDisk::SmallDisk(std::filesystem::path directory, std::size_t bytes) : directory_{std::move(directory)} {
    std::filesystem::create_directories(directory_);
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return;
    const std::string options = fmt::format("size={}", bytes);
    mounted_ = ::mount("none", directory_.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

SmallDisk::~SmallDisk() {
    if (mounted_) ::umount2(directory_.c_str(), MNT_DETACH);
}

void SmallDisk::resize(std::size_t bytes) const {
    remount(0, fmt::format("size={}", bytes));
}

void SmallDisk::make_read_only() const {
    remount(MS_RDONLY, "");
}

void SmallDisk::remount(unsigned long flags, const std::string& options) const {
    if (::mount("none", directory_.c_str(), "tmpfs", MS_REMOUNT | flags, options.c_str()) == 0) return;
    throw std::system_error{errno, std::generic_category(), "cannot remount " + directory_.string()};
}

}  // namespace aep::e2e
