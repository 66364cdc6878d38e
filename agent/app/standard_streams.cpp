#include "app/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace aep::app {

void occupy_closed_streams() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        (void)::open("/", O_PATH);  // the lowest that is free; knows neither read nor write
    }
}

bool finish_stdout() {
    const bool failed_before = std::ferror(stdout) != 0;
    const bool flushed = std::fflush(stdout) == 0;
    const int problem = errno;
    if (flushed && !failed_before) return true;
    const std::string reason = flushed ? "" : ": " + std::system_category().message(problem);
    say("aep-agent: cannot write to standard output{}\n", reason);
    return false;
}

}  // namespace aep::app
