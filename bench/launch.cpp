// Runs a command and prints what it cost as one line: cpu_seconds wall_seconds peak_rss_kib exit_code.
//
//     bench_launch COMMAND [ARG...]      the command's stdout goes to stderr
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: bench_launch COMMAND [ARG...]\n");
        return 2;
    }
    const auto began = std::chrono::steady_clock::now();
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(STDERR_FILENO, STDOUT_FILENO);
        ::execvp(argv[1], argv + 1);
        std::perror(argv[1]);
        ::_exit(127);
    }
    int status = 0;
    rusage usage{};
    if (child < 0 || ::wait4(child, &status, 0, &usage) != child) {
        std::perror("bench_launch");
        return 1;
    }
    const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    fmt::print("{:.3f} {:.3f} {} {}\n", seconds(usage.ru_utime) + seconds(usage.ru_stime), wall,
               usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
