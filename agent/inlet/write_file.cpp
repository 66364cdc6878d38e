#include "inlet/write_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace aep::inlet {

int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return written < 0 ? errno : EIO;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

base::Result<> write_file_atomically(const std::filesystem::path& path, std::string_view text, mode_t mode) {
    std::error_code ignored;
    const bool is_other =
        std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored);
    if (is_other) return base::Error{path.string() + " is not a regular file, and will not be replaced"};
    const std::string temporary = fmt::format("{}.{}.tmp", path.string(), ::getpid());
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) return base::system_error("cannot create " + temporary, errno);
    int problem = write_all(fd, text);
    if (::close(fd) != 0 && problem == 0) problem = errno;
    if (problem == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) problem = errno;
    if (problem == 0) return {};
    ::unlink(temporary.c_str());
    return base::system_error("cannot write " + path.string(), problem);
}

}  // namespace aep::inlet
