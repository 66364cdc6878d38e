#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

#include "source/descriptor.hpp"

namespace aep::source {

/// Says which files changed, by inotify on their directories. Its word is not complete: events get lost when
/// too many come, and network file systems send none; so whoever uses it also looks by himself now and then.
/// Confined.
class Watcher {
  public:
    static constexpr std::size_t kMaxDirectories = 8192;

    struct Seen {
        bool names_changed = false;  ///< files came, went or were renamed, or events were lost: scan
    };
    using OnChange = std::function<void(const std::string& path)>;

    Watcher();

    /// False: the system gives no inotify, or no more of it; then nothing may be expected for some
    /// directories.
    [[nodiscard]] bool reliable() const { return reliable_; }
    /// To wait on; -1 without inotify.
    [[nodiscard]] int fd() const { return inotify_.get(); }

    /// Also watches `directory`, a canonical path. Once is enough, more does no harm.
    void watch(const std::string& directory);

    /// Takes what has happened. `on_change` gets the path of every file whose contents changed.
    Seen drain(const OnChange& on_change);

  private:
    void forget(int watch);

    Descriptor inotify_;
    bool reliable_;
    std::unordered_map<std::string, int> watches_;
    std::unordered_map<int, std::string> directories_;
};

}  // namespace aep::source
