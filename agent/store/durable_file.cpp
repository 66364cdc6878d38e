#include "store/durable_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace aep::store {
namespace {

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool sync_directory(const std::filesystem::path& directory) {
    const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool synced = ::fsync(fd) == 0;
    const int error = errno;
    ::close(fd);
    errno = error;
    return synced;
}

}  // namespace

base::Result<void> write_durably(const std::filesystem::path& file, std::string_view contents) {
    const std::filesystem::path temporary = file.parent_path() / ('.' + file.filename().string() + ".new");
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return base::system_error("cannot write " + file.string(), errno);
    const bool written = write_all(fd, contents) && ::fsync(fd) == 0;
    const int error = errno;
    ::close(fd);
    if (!written) {
        ::unlink(temporary.c_str());  // on a full disk every byte counts
        return base::system_error("cannot write " + file.string(), error);
    }
    if (::rename(temporary.c_str(), file.c_str()) != 0 || !sync_directory(file.parent_path())) {
        return base::system_error("cannot write " + file.string(), errno);
    }
    return {};
}

}  // namespace aep::store
