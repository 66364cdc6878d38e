#pragma once

#include <chrono>
#include <optional>

namespace aep::app {

/// Signals as something to wait for. SIGTERM, SIGINT and SIGHUP are blocked for the whole process from
/// construction on (so it is made before the first thread) and come out of wait(); SIGPIPE is ignored.
class Signals {
  public:
    Signals();
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    /// The next signal; nothing when `timeout` has passed or wake() was called.
    [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds timeout);
    /// Ends a wait(). From any thread.
    void wake();

  private:
    int signal_fd_ = -1;
    int wake_fd_ = -1;
};

}  // namespace aep::app
