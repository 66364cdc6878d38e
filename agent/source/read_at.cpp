#include "source/read_at.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace aep::source {
namespace {

std::chrono::nanoseconds since_1970(const statx_timestamp& time) {
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

base::Result<FileStatus> status_at(int directory, const char* path, int flags) {
    struct statx status {};
    if (::statx(directory, path, flags, STATX_BASIC_STATS | STATX_BTIME, &status) != 0) {
        return base::system_error("statx", errno);
    }
    FileStatus found;
    found.identity.device = ::makedev(status.stx_dev_major, status.stx_dev_minor);
    found.identity.inode = status.stx_ino;
    if ((status.stx_mask & STATX_BTIME) != 0) {
        found.identity.born = static_cast<std::uint64_t>(since_1970(status.stx_btime).count());
    }
    found.size = status.stx_size;
    found.modified =
        base::WallTime{std::chrono::duration_cast<base::WallClock::duration>(since_1970(status.stx_mtime))};
    found.regular = S_ISREG(status.stx_mode);
    found.deleted = status.stx_nlink == 0;
    return found;
}

}  // namespace

base::Result<std::size_t> read_at(int fd, char* bytes, std::size_t size, std::uint64_t position) {
    std::size_t got = 0;
    while (got < size) {
        const ssize_t count = ::pread(fd, bytes + got, size - got, static_cast<off_t>(position + got));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return base::system_error("read", errno);
        if (count == 0) break;
        got += static_cast<std::size_t>(count);
    }
    return got;
}

base::Result<FileStatus> status_of(int fd) {
    return status_at(fd, "", AT_EMPTY_PATH);
}

base::Result<FileStatus> status_of(const std::string& path) {
    return status_at(AT_FDCWD, path.c_str(), 0);
}

}  // namespace aep::source
