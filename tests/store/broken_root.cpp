#include "broken_root.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace {

/// The two pages at a data file's beginning are its root.
constexpr off_t kRootEnd = 8192;
std::atomic<bool> broken{false};
std::atomic<int> failed{0};

}  // namespace

/// Takes the place of the C library's for LMDB as well, which writes only the root with it while a commit has
/// more than one page (those go by writev).
extern "C" ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
    using Function = ssize_t (*)(int, const void*, size_t, off_t);
    static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "pwrite"));
    if (broken && offset < kRootEnd) {
        ++failed;
        errno = EIO;
        return -1;
    }
    return real(fd, bytes, size, offset);
}

namespace aep::store::testing_support {

BrokenRoot::BrokenRoot() {
    failed = 0;
    broken = true;
}

BrokenRoot::~BrokenRoot() {
    broken = false;
}

int BrokenRoot::failures() {
    return failed;
}

}  // namespace aep::store::testing_support
