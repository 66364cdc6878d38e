#include "app/agent_id.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <system_error>

#include "base/random.hpp"

namespace aep::app {
namespace {

namespace fs = std::filesystem;

fs::path id_file(const fs::path& state_dir) {
    return state_dir / "agent-id";
}

std::optional<std::string> read_id(const fs::path& state_dir) {
    std::ifstream in{id_file(state_dir)};
    std::string id;
    if (!std::getline(in, id) || id.empty()) return std::nullopt;
    return id;
}

base::Error cannot_write(const fs::path& state_dir, int error) {
    base::Error failed =
        base::system_error("agent.state_dir " + state_dir.string() + " cannot be written", error);
    failed.message += "; create it for this user, or set agent.state_dir to a directory that can be written";
    return failed;
}

/// Written whole or not at all: a half id would make other ids after the next start.
base::Result<void> write_id(const fs::path& state_dir, const std::string& id) {
    const fs::path temporary = state_dir / ".agent-id.new";
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return cannot_write(state_dir, errno);
    const std::string line = id + '\n';
    const bool written =
        ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
    const int error = errno;
    ::close(fd);
    if (!written || ::rename(temporary.c_str(), id_file(state_dir).c_str()) != 0) {
        return cannot_write(state_dir, written ? errno : error);
    }
    return {};
}

}  // namespace

base::Result<std::string> load_or_make_agent_id(const fs::path& state_dir) {
    if (auto id = read_id(state_dir)) return base::ok(*std::move(id));
    std::error_code error;
    fs::create_directories(state_dir, error);
    if (error) return cannot_write(state_dir, error.value());
    std::string id = base::random_hex128();
    if (auto written = write_id(state_dir, id); !written) return written.error();
    return base::ok(std::move(id));
}

std::string one_shot_agent_id(const fs::path& state_dir) {
    return read_id(state_dir).value_or("one-shot");
}

}  // namespace aep::app
