#include "harness/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <system_error>

#include "harness/temp_dir.hpp"

namespace aep::e2e {
namespace {

struct Files {
    const std::filesystem::path& directory;
    const std::filesystem::path& out;
    const std::filesystem::path& err;
    int input;  ///< -1: nothing to read
    unsigned descriptors;
};

[[noreturn]] void fail(int error, const std::string& what) {
    throw std::system_error{error, std::generic_category(), what};
}

void use(int fd, int instead_of) {
    if (fd < 0 || ::dup2(fd, instead_of) < 0) ::_exit(127);
}

/// What the child does before it becomes another program: only calls that are allowed after fork().
[[noreturn]] void become(const Files& files, char* const* arguments, char* const* environment, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is killed cannot clean up
    if (::getppid() != parent || ::chdir(files.directory.c_str()) != 0) ::_exit(127);
    use(files.input >= 0 ? files.input : ::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    constexpr int kNewFile = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    use(::open(files.out.c_str(), kNewFile, 0600), STDOUT_FILENO);
    use(::open(files.err.c_str(), kNewFile, 0600), STDERR_FILENO);
    const rlimit few{files.descriptors, files.descriptors};
    if (files.descriptors > 0 && ::setrlimit(RLIMIT_NOFILE, &few) != 0) ::_exit(127);
    (void)std::signal(SIGPIPE, SIG_DFL);  // as a shell would hand it down; the test itself ignores it
    ::execve(arguments[0], arguments, environment);
    ::_exit(127);
}

std::size_t memory_of(pid_t pid, std::string_view name) {
    std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
    for (std::string word; status >> word;) {
        std::size_t kib = 0;
        if (word == name && status >> kib) return kib << 10U;
    }
    return 0;
}

}  // namespace

Process::Process(const Setup& setup)
    : out_file_{setup.directory / (setup.name + ".out")}, err_file_{setup.directory / (setup.name + ".err")} {
    (void)std::signal(SIGPIPE, SIG_IGN);
    // What an earlier process of this name wrote must not be taken for words of the new one.
    std::filesystem::remove(out_file_);
    std::filesystem::remove(err_file_);
    std::array<int, 2> pipe{-1, -1};
    if (setup.input == Input::Pipe && ::pipe2(pipe.data(), O_CLOEXEC) != 0) fail(errno, "pipe");
    std::vector<std::string> words = setup.command;
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    std::vector<std::string> variables = setup.environment;
    std::vector<char*> environment;
    for (std::string& variable : variables) environment.push_back(variable.data());
    for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
    environment.push_back(nullptr);

    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0)
        become({setup.directory, out_file_, err_file_, pipe[0], setup.descriptors}, arguments.data(),
               environment.data(), parent);
    const int error = errno;
    if (pipe[0] >= 0) ::close(pipe[0]);
    input_fd_ = pipe[1];
    if (input_fd_ >= 0) ::fcntl(input_fd_, F_SETFL, O_NONBLOCK);
    if (pid_ < 0) {
        close_input();
        fail(error, "cannot start " + words[0]);
    }
}

Process::~Process() {
    close_input();
    kill();
}

bool Process::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(input_fd_, bytes.data(), bytes.size());
        if (written > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
            continue;
        }
        if (errno != EAGAIN) return false;
        pollfd room{input_fd_, POLLOUT, 0};
        if (::poll(&room, 1, static_cast<int>(milliseconds{kSoon}.count())) <= 0) return false;
    }
    return true;
}

void Process::close_input() {
    if (input_fd_ >= 0) ::close(input_fd_);
    input_fd_ = -1;
}

void Process::signal(int number) const {
    if (!exit_code_) ::kill(pid_, number);
}

bool Process::is_running() {
    return !wait(milliseconds{0});
}

std::optional<int> Process::wait(Clock::duration deadline) {
    const bool ended = eventually(
        [this] {
            if (!exit_code_) reap();
            return exit_code_.has_value();
        },
        deadline, milliseconds{5});
    return ended ? exit_code_ : std::nullopt;
}

void Process::reap() {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Process::kill() {
    if (exit_code_ || pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    (void)wait();
}

std::string Process::out() const {
    return read_file(out_file_);
}

std::string Process::err() const {
    return read_file(err_file_);
}

std::size_t Process::memory() const {
    return memory_of(pid_, "VmRSS:");
}

std::size_t Process::peak_memory() const {
    return memory_of(pid_, "VmHWM:");
}

std::vector<std::string> Process::descriptors() const {
    std::vector<std::string> all;
    const std::filesystem::path directory = "/proc/" + std::to_string(pid_) + "/fd";
    std::error_code gone;  // it may be closed by the time it is looked at
    for (const auto& entry : std::filesystem::directory_iterator{directory, gone}) {
        all.push_back(std::filesystem::read_symlink(entry.path(), gone).string());
    }
    return all;
}

milliseconds Process::cpu_time() const {
    const std::string stat = read_file("/proc/" + std::to_string(pid_) + "/stat");
    std::istringstream fields{stat.substr(stat.rfind(')') + 1)};
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;  // the state and what follows, up to utime
    std::int64_t user = 0;
    std::int64_t system = 0;
    fields >> user >> system;
    return milliseconds{(user + system) * 1000 / ::sysconf(_SC_CLK_TCK)};
}

}  // namespace aep::e2e
