// Appends records to a file one by one, at an even rate, as an application does that writes each line with a
// write() of its own.
//
//     bench_append FILE RECORDS_PER_SECOND SECONDS      prints how many it has written
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

int main(int argc, char** argv) {
    using Clock = std::chrono::steady_clock;
    if (argc != 4) {
        fmt::print(stderr, "usage: bench_append FILE RECORDS_PER_SECOND SECONDS\n");
        return 2;
    }
    const int file = ::open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) {
        std::perror(argv[1]);
        return 1;
    }
    const double rate = std::atof(argv[2]);
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::duration<double>(std::atof(argv[3]));
    long written = 0;
    // The clock says how many are due: a sleep that took longer is made up for.
    for (auto now = begin; now < end; now = Clock::now()) {
        const double due = std::chrono::duration<double>(now - begin).count() * rate;
        for (; static_cast<double>(written) < due; ++written) {
            const std::string record = fmt::format(
                "{{\"_id\":\"e-{:09}\",\"timestamp\":\"2026-01-31T12:00:00Z\",\"eventType\":\"web.page\"}}\n",
                written);
            if (::write(file, record.data(), record.size()) != static_cast<ssize_t>(record.size())) {
                std::perror("write");
                return 1;
            }
        }
        std::this_thread::sleep_for(std::chrono::microseconds{100});
    }
    fmt::print("{}\n", written);
    ::close(file);
    return 0;
}
