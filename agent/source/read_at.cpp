#include "source/read_at.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace aep::source {

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
    struct stat status {};
    if (::fstat(fd, &status) != 0) return base::system_error("fstat", errno);
    return FileStatus{.size = static_cast<std::uint64_t>(status.st_size),
                      .modified = wall_time(status.st_mtim),
                      .deleted = status.st_nlink == 0};
}

}  // namespace aep::source
