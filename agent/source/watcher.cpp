#include "source/watcher.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace aep::source {
namespace {

constexpr std::uint32_t kContents = IN_MODIFY | IN_CLOSE_WRITE;
constexpr std::uint32_t kNames =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t kLost = IN_Q_OVERFLOW | IN_IGNORED;

}  // namespace

Watcher::Watcher() : inotify_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)}, reliable_{inotify_.is_open()} {}

void Watcher::watch(const std::string& directory) {
    if (!inotify_.is_open() || watches_.contains(directory)) return;
    const int watch =
        watches_.size() < kMaxDirectories
            ? ::inotify_add_watch(inotify_.get(), directory.c_str(), kContents | kNames | IN_ONLYDIR)
            : -1;
    if (watch < 0) {
        // A directory that has just gone, or that cannot be listed either, is the scan's to report.
        const bool no_more = watches_.size() >= kMaxDirectories || errno == ENOSPC || errno == ENOMEM;
        if (no_more) reliable_ = false;
        return;
    }
    watches_[directory] = watch;
    directories_[watch] = directory;
}

Watcher::Seen Watcher::drain(const OnChange& on_change) {
    Seen seen;
    if (!inotify_.is_open()) return seen;
    // Bounded: under a storm of events the files get their turn as well.
    constexpr int kRounds = 16;
    alignas(inotify_event) std::array<char, 16384> events;
    for (int round = 0; round < kRounds; ++round) {
        const ssize_t size = ::read(inotify_.get(), events.data(), events.size());
        if (size <= 0) break;
        for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
            inotify_event event{};
            std::memcpy(&event, events.data() + at, sizeof event);
            const char* name = events.data() + at + sizeof event;
            at += sizeof event + event.len;
            if ((event.mask & (kNames | kLost)) != 0) seen.names_changed = true;
            if ((event.mask & (IN_IGNORED | IN_MOVE_SELF)) != 0) forget(event.wd);
            if ((event.mask & kContents) == 0 || event.len == 0) continue;
            const auto directory = directories_.find(event.wd);
            if (directory == directories_.end()) continue;
            const bool root = directory->second == "/";
            on_change((root ? std::string{} : directory->second) + '/' + name);
        }
    }
    return seen;
}

void Watcher::forget(int watch) {
    const auto directory = directories_.find(watch);
    if (directory == directories_.end()) return;
    watches_.erase(directory->second);
    directories_.erase(directory);
    // Fails where the kernel has ended the watch itself.
    ::inotify_rm_watch(inotify_.get(), watch);
}

}  // namespace aep::source
