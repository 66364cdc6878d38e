#include "source/open_files.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "source/read_at.hpp"

namespace aep::source {
namespace {

std::atomic<std::size_t> instances{0};

std::size_t half_of_the_allowed() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 512;
    return std::min<std::size_t>(limit.rlim_cur, std::size_t{1} << 20U) / 2;
}

}  // namespace

base::Result<Descriptor> open_checked(const FileIdentity& identity, const std::string& path) {
    // Non-blocking, because the name may be a FIFO's by now.
    Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
    if (!file.is_open()) return base::system_error("open", errno);
    const base::Result<FileStatus> status = status_of(file.get());
    if (!status) return status.error();
    const FileIdentity& opened = status->identity;
    if (opened != identity || opened.is_another_life_of(identity.born))
        return base::system_error("open (another file has taken the name)", ESTALE);
    return file;
}

OpenFiles::OpenFiles() : process_limit_{half_of_the_allowed()} {
    ++instances;
}

OpenFiles::~OpenFiles() {
    --instances;
}

std::size_t OpenFiles::limit() const {
    return std::max<std::size_t>(1, process_limit_ / std::max<std::size_t>(1, instances));
}

base::Result<int> OpenFiles::open(const FileIdentity& identity, const std::string& path) {
    if (const auto known = by_identity_.find(identity); known != by_identity_.end()) {
        Entry& entry = *known->second;
        Entries& from = list_of(entry);
        entry.idle = false;
        busy_.splice(busy_.begin(), from, known->second);
        return entry.descriptor.get();
    }
    if (!make_room()) return base::system_error("open (deleted files hold every descriptor)", EMFILE);
    base::Result<Descriptor> file = open_checked(identity, path);
    if (!file) return file.error();
    busy_.push_front({.identity = identity, .descriptor = std::move(*file)});
    by_identity_[identity] = busy_.begin();
    return busy_.front().descriptor.get();
}

void OpenFiles::close(const FileIdentity& identity) {
    const auto known = by_identity_.find(identity);
    if (known == by_identity_.end()) return;
    list_of(*known->second).erase(known->second);
    by_identity_.erase(known);
}

void OpenFiles::set_idle(const FileIdentity& identity) {
    const auto known = by_identity_.find(identity);
    if (known == by_identity_.end()) return;
    Entries& from = list_of(*known->second);
    known->second->idle = true;
    idle_.splice(idle_.begin(), from, known->second);
}

void OpenFiles::pin(const FileIdentity& identity) {
    if (const auto known = by_identity_.find(identity); known != by_identity_.end())
        known->second->pinned = true;
}

void OpenFiles::unpin(const FileIdentity& identity) {
    if (const auto known = by_identity_.find(identity); known != by_identity_.end())
        known->second->pinned = false;
}

bool OpenFiles::make_room() {
    while (by_identity_.size() >= limit()) {
        if (!close_one_of(idle_) && !close_one_of(busy_)) return false;
    }
    return true;
}

bool OpenFiles::close_one_of(Entries& entries) {
    const auto oldest =
        std::find_if(entries.rbegin(), entries.rend(), [](const Entry& entry) { return !entry.pinned; });
    if (oldest == entries.rend()) return false;
    by_identity_.erase(oldest->identity);
    entries.erase(std::next(oldest).base());
    return true;
}

}  // namespace aep::source
