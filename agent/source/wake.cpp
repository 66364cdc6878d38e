#include "source/wake.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <system_error>

namespace aep::source {

Wake::Wake() : event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    if (!event_.is_open()) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

void Wake::signal() {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then it is readable already.
    [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one);
}

bool Wake::wait(int fd, std::chrono::nanoseconds timeout) const {
    std::array<pollfd, 2> polled{pollfd{.fd = event_.get(), .events = POLLIN, .revents = 0},
                                 pollfd{.fd = fd, .events = POLLIN, .revents = 0}};
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    const timespec limit{.tv_sec = seconds.count(), .tv_nsec = (timeout - seconds).count()};
    // An interrupted wait is a short one: every caller looks at the state of things and waits again.
    const int ready = ::ppoll(polled.data(), polled.size(), timeout.count() < 0 ? nullptr : &limit, nullptr);
    return ready > 0 && polled[1].revents != 0;
}

}  // namespace aep::source
