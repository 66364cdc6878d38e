#pragma once

#include <chrono>

#include "source/descriptor.hpp"

namespace aep::source {

/// Ends the waits of a source's thread when it shall stop. signal() is free-threaded, the rest is for the
/// thread.
class Wake {
  public:
    /// Throws std::system_error where the system has no descriptor left.
    Wake();

    /// From now on no wait() takes any time.
    void signal();

    /// Waits until `fd` (-1: nothing) is readable or at its end, signal() is called, or the time is over.
    /// True: `fd` has something to say. `timeout` below zero: as long as it takes.
    bool wait(int fd, std::chrono::nanoseconds timeout) const;

  private:
    Descriptor event_;
};

}  // namespace aep::source
