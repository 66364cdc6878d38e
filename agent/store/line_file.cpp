#include "store/line_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace aep::store {
namespace {

base::Error failed(std::string_view what, const std::filesystem::path& path, int errno_value) {
    return base::system_error(fmt::format("cannot {} {}", what, path.string()), errno_value);
}

// Returns 0 or the errno; `written` tells how far it came.
int write_all(int descriptor, std::string_view bytes, std::size_t& written) {
    written = 0;
    while (written < bytes.size()) {
        const ssize_t n = ::write(descriptor, bytes.data() + written, bytes.size() - written);
        if (n >= 0) {
            written += static_cast<std::size_t>(n);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : ".";
}

// A new file's name is on disk only once its directory is.
int sync_directory_of(const std::filesystem::path& path) {
    const int directory = ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return errno;
    const int error = ::fsync(directory) == 0 ? 0 : errno;
    ::close(directory);
    // Some file systems cannot sync directories (EINVAL): there is nothing more to be done then.
    return error == EINVAL ? 0 : error;
}

struct ::stat status_of(int descriptor) {
    struct ::stat status {};
    ::fstat(descriptor, &status);
    return status;
}

/// An operator at work as root in a directory of the daemon's user: what is made there is to be that user's,
/// and no link in it may lead root elsewhere.
bool is_guest_in(const struct ::stat& directory) {
    return ::geteuid() == 0 && directory.st_uid != 0;
}

/// Only what was made just now: a file that has another name, or contents, is left alone. Where it may not be
/// given away it stays root's.
void give_to_owner_of(const struct ::stat& directory, int descriptor) {
    const struct ::stat file = status_of(descriptor);
    const bool is_new = S_ISREG(file.st_mode) && file.st_nlink == 1 && file.st_size == 0 && file.st_uid == 0;
    if (is_new) static_cast<void>(::fchown(descriptor, directory.st_uid, directory.st_gid));
}

bool ends_open(int descriptor) {
    const struct ::stat status = status_of(descriptor);
    char last = '\n';
    if (!S_ISREG(status.st_mode) || status.st_size == 0) return false;
    return ::pread(descriptor, &last, 1, status.st_size - 1) == 1 && last != '\n';
}

}  // namespace

base::Result<LineFile> LineFile::open(const std::filesystem::path& path, Make make) {
    const int creation = make == Make::Existing ? 0 : make == Make::New ? O_CREAT | O_EXCL : O_CREAT;
    struct ::stat directory {};
    ::stat(directory_of(path).c_str(), &directory);
    const int no_link = is_guest_in(directory) ? O_NOFOLLOW : 0;
    const int descriptor = ::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | creation | no_link, 0600);
    if (descriptor < 0) return failed("open", path, errno);
    LineFile file{path, descriptor};
    if (is_guest_in(directory)) give_to_owner_of(directory, descriptor);
    if (make != Make::NewOrExisting && ::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        return failed("lock", path, errno);
    }
    if (const int error = sync_directory_of(path)) {
        if (make == Make::New) file.remove_if_empty();
        return failed("sync the directory of", path, error);
    }
    if (ends_open(descriptor)) {
        std::size_t written = 0;
        if (const int error = write_all(descriptor, "\n", written)) return failed("write to", path, error);
    }
    return file;
}

LineFile& LineFile::operator=(LineFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

LineFile::~LineFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

LineFile::Appended LineFile::append(std::span<const std::string> lines) {
    std::string bytes;
    for (const std::string& line : lines) bytes += line;
    const auto before = static_cast<off_t>(size());
    std::size_t written = 0;
    const int write_error = write_all(descriptor_, bytes, written);

    Appended done;
    while (done.lines < lines.size() && done.bytes + lines[done.lines].size() <= written) {
        done.bytes += lines[done.lines++].size();
    }
    if (write_error != 0) done.error = failed("write to", path_, write_error);
    if (done.bytes < written && ::ftruncate(descriptor_, before + static_cast<off_t>(done.bytes)) != 0) {
        done.error = failed("take back a torn line from", path_, errno);
        done.spoiled = true;
    }
    if (done.lines > 0 && ::fdatasync(descriptor_) != 0) {
        // The kernel may have dropped what it could not write: none of it counts, it is written again
        // elsewhere, and what did reach the disk must not stay beside its repetition.
        const int sync_error = errno;
        const char* what = ::ftruncate(descriptor_, before) == 0 ? "sync" : "sync and shorten";
        return {.error = failed(what, path_, sync_error), .spoiled = true};
    }
    return done;
}

bool LineFile::in_place() const {
    const struct ::stat mine = status_of(descriptor_);
    struct ::stat named {};
    return ::stat(path_.c_str(), &named) == 0 && named.st_dev == mine.st_dev && named.st_ino == mine.st_ino;
}

bool LineFile::reachable() const {
    return status_of(descriptor_).st_nlink > 0;
}

void LineFile::remove_if_empty() const {
    if (size() == 0 && in_place()) ::unlink(path_.c_str());
}

std::uint64_t LineFile::size() const {
    return static_cast<std::uint64_t>(status_of(descriptor_).st_size);
}

}  // namespace aep::store
