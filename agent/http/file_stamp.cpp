#include "http/file_stamp.hpp"

#include <sys/stat.h>

namespace aep::http {

FileStamp stamp_of(const std::string& path) {
    struct stat found {};
    if (path.empty() || ::stat(path.c_str(), &found) != 0) return {};
    constexpr std::int64_t kNanos = 1'000'000'000;
    return {.device = found.st_dev,
            .number = found.st_ino,
            .size = found.st_size,
            .changed_ns = found.st_ctim.tv_sec * kNanos + found.st_ctim.tv_nsec};
}

}  // namespace aep::http
