#include "harness/small_file_system.hpp"

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "harness/process.hpp"

namespace aep::e2e {
namespace {

namespace fs = std::filesystem;

/// What went wrong; empty: nothing.
std::string run(const std::vector<std::string>& command, const fs::path& directory) {
    if (!fs::exists(command[0])) return "there is no " + command[0];
    Process process{{.command = command, .directory = directory, .name = fs::path{command[0]}.filename()}};
    if (process.wait() == 0) return {};
    return command[0] + " failed: " + process.err();
}

}  // namespace

SmallFileSystem::SmallFileSystem(const fs::path& directory) : mount_point_{directory / "small"} {
    make(directory);
}

void SmallFileSystem::make(const fs::path& directory) {
    const std::string image = directory / "small.ext4";
    fs::create_directory(mount_point_);
    std::ofstream{image};
    fs::resize_file(image, std::uintmax_t{8} << 20U);
    missing_ = run({"/usr/sbin/mkfs.ext4", "-q", "-F", "-N", "256", "-I", "256", image}, directory);
    if (!missing_.empty()) return;
    // A namespace of its own, of which others learn nothing.
    const bool alone =
        ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (!alone) {
        missing_ = std::string{"no mount namespace: "} + std::strerror(errno);
        return;
    }
    missing_ = run({"/usr/bin/mount", "-o", "loop", image, mount_point_}, directory);
}

SmallFileSystem::~SmallFileSystem() {
    if (missing_.empty()) (void)::umount2(mount_point_.c_str(), MNT_DETACH);
}

}  // namespace aep::e2e
