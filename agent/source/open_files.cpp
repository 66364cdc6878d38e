#include "source/open_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace aep::source {
namespace {

base::Result<Descriptor> open_checked(const FileIdentity& identity, const std::string& path) {
    // Non-blocking, because the name may be a FIFO's by now.
    Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
    if (!file.is_open()) return base::system_error("open", errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return base::system_error("fstat", errno);
    const FileIdentity opened{.device = status.st_dev, .inode = status.st_ino};
    if (opened != identity) return base::system_error("open (another file has taken the name)", ESTALE);
    return file;
}

}  // namespace

base::Result<int> OpenFiles::open(const FileIdentity& identity, const std::string& path) {
    if (const auto known = by_identity_.find(identity); known != by_identity_.end()) {
        entries_.splice(entries_.begin(), entries_, known->second);
        return known->second->descriptor.get();
    }
    base::Result<Descriptor> file = open_checked(identity, path);
    if (!file) return file.error();
    make_room();
    entries_.push_front({.identity = identity, .descriptor = std::move(*file)});
    by_identity_[identity] = entries_.begin();
    return entries_.front().descriptor.get();
}

void OpenFiles::close(const FileIdentity& identity) {
    const auto known = by_identity_.find(identity);
    if (known == by_identity_.end()) return;
    entries_.erase(known->second);
    by_identity_.erase(known);
}

void OpenFiles::pin(const FileIdentity& identity) {
    if (const auto known = by_identity_.find(identity); known != by_identity_.end())
        known->second->pinned = true;
}

void OpenFiles::make_room() {
    for (auto at = entries_.end(); entries_.size() >= kMax && at != entries_.begin();) {
        --at;
        if (at->pinned) continue;
        by_identity_.erase(at->identity);
        at = entries_.erase(at);
    }
}

}  // namespace aep::source
