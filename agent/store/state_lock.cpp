#include "store/state_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

namespace aep::store {
namespace {

namespace fs = std::filesystem;

base::Error cannot_write(const fs::path& state_dir, int error) {
    base::Error failed =
        base::system_error("agent.state_dir " + state_dir.string() + " cannot be written", error);
    failed.message += "; create it for this user, or set agent.state_dir to a directory that can be written";
    return failed;
}

/// Where it is not there: nobody else may put another store, or another lock, in the place of the agent's.
/// The directories above it are as the umask has them. 0, or why not.
int make_for_this_user(const fs::path& state_dir) {
    const fs::path own = state_dir.has_filename() ? state_dir : state_dir.parent_path();
    std::error_code error;
    if (own.has_parent_path()) fs::create_directories(own.parent_path(), error);
    if (error) return error.value();
    return ::mkdir(own.c_str(), 0700) != 0 && errno != EEXIST ? errno : 0;
}

base::Error is_taken(const fs::path& state_dir) {
    std::ifstream in{state_dir / "lock"};
    std::string owner;
    if (!(in >> owner)) owner = "unknown";
    return base::Error{fmt::format(
        "agent.state_dir {} is in use by another aep-agent, process {}: stop that one, or give each its own "
        "state_dir",
        state_dir.string(), owner)};
}

}  // namespace

base::Result<StateLock> StateLock::take(const fs::path& state_dir) {
    if (const int error = make_for_this_user(state_dir); error != 0) return cannot_write(state_dir, error);
    const int fd = ::open((state_dir / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return cannot_write(state_dir, errno);
    StateLock lock{fd};
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return is_taken(state_dir);
        return cannot_write(state_dir, errno);
    }
    const std::string owner = fmt::format("{}\n", ::getpid());
    if (::ftruncate(fd, 0) != 0 ||
        ::pwrite(fd, owner.data(), owner.size(), 0) != static_cast<ssize_t>(owner.size())) {
        return cannot_write(state_dir, errno);
    }
    return base::ok(std::move(lock));
}

StateLock::StateLock(StateLock&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

StateLock::~StateLock() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace aep::store
