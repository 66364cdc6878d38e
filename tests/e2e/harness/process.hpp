#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/eventually.hpp"

namespace aep::e2e {

/// A child process: what it writes goes to files, so that it never waits for a reader. It does not outlive
/// this object, nor the test that made it. Confined to the test's thread.
class Process {
  public:
    enum class Input { None, Pipe };

    struct Setup {
        std::vector<std::string> command;  ///< the program and its arguments
        std::filesystem::path directory;   ///< it works there, and its output is kept there
        std::string name;                  ///< of the output files: NAME.out, NAME.err
        Input input = Input::None;
        std::vector<std::string> environment = {};  ///< "NAME=value", beside and before the test's own
        unsigned descriptors = 0;                   ///< how many it may have; 0: as many as the test
    };

    explicit Process(const Setup& setup);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    /// False when the child has closed its input, or has taken nothing for `kSoon`.
    [[nodiscard]] bool write(std::string_view bytes);
    void close_input();

    void signal(int number) const;
    [[nodiscard]] bool is_running();
    /// The exit code, 128 + N after signal N, or nothing when it still runs at the deadline.
    [[nodiscard]] std::optional<int> wait(Clock::duration deadline = kSoon);
    void kill();

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] std::string out() const;
    [[nodiscard]] std::string err() const;
    /// Its resident memory, and the high-water mark of that so far, in bytes; 0 once it has ended.
    [[nodiscard]] std::size_t memory() const;
    [[nodiscard]] std::size_t peak_memory() const;
    /// What its descriptors lead to, as /proc says.
    [[nodiscard]] std::vector<std::string> descriptors() const;
    /// CPU time that it has used so far.
    [[nodiscard]] milliseconds cpu_time() const;

  private:
    void reap();

    std::filesystem::path out_file_;
    std::filesystem::path err_file_;
    pid_t pid_ = -1;
    int input_fd_ = -1;
    std::optional<int> exit_code_;
};

}  // namespace aep::e2e
