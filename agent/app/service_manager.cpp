#include "app/service_manager.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

namespace aep::app {
namespace {

std::string from_env(const char* name) {
    // Nothing in this process changes the environment.
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? "" : value;
}

std::uint64_t number_in(const std::string& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? number : 0;
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
    ServiceManager manager;
    manager.address_ = from_env("NOTIFY_SOCKET");
    const bool fits = manager.address_.size() < sizeof(sockaddr_un::sun_path);
    if (!fits || !(manager.address_.starts_with('/') || manager.address_.starts_with('@'))) {
        manager.address_.clear();
        return manager;
    }
    manager.socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const std::string watched = from_env("WATCHDOG_PID");
    const bool is_us = watched.empty() || number_in(watched) == static_cast<std::uint64_t>(::getpid());
    const std::uint64_t microseconds = is_us ? number_in(from_env("WATCHDOG_USEC")) : 0;
    if (microseconds >= 2000) manager.alive_every_ = base::Millis{microseconds / 2000};
    return manager;
}

ServiceManager::ServiceManager(ServiceManager&& other) noexcept
    : address_{std::move(other.address_)},
      socket_{std::exchange(other.socket_, -1)},
      alive_every_{other.alive_every_} {}

ServiceManager::~ServiceManager() {
    if (socket_ >= 0) ::close(socket_);
}

void ServiceManager::ready() {
    send("READY=1");
}

void ServiceManager::reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000 + now.tv_nsec / 1000));
}

void ServiceManager::stopping() {
    send("STOPPING=1");
}

void ServiceManager::status(std::string_view line) {
    send(fmt::format("STATUS={}", line));
}

void ServiceManager::alive() {
    if (alive_every_) send("WATCHDOG=1");
}

void ServiceManager::send(std::string_view text) const {
    if (socket_ < 0) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, address_.data(), address_.size());
    if (address_.front() == '@') address.sun_path[0] = '\0';  // a name of the abstract namespace
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    // Whatever happens, it must not stop the daemon; what is lost is said again.
    (void)::sendto(socket_, text.data(), text.size(), MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace aep::app
