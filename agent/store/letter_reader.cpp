#include "store/letter_reader.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace aep::store {
namespace {

namespace fs = std::filesystem;

// Between opening and locking the file may have been moved away.
bool is_still_named(int descriptor, const fs::path& file) {
    struct ::stat mine {};
    struct ::stat named {};
    return ::fstat(descriptor, &mine) == 0 && ::stat(file.c_str(), &named) == 0 &&
           named.st_dev == mine.st_dev && named.st_ino == mine.st_ino;
}

}  // namespace

base::Result<LetterReader> LetterReader::open(const fs::path& file, Hold hold) {
    const auto failed = [&file](int errno_value) {
        return base::system_error("cannot read " + file.string(), errno_value);
    };
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return failed(errno);
    std::unique_ptr<std::FILE, Close> opened{::fdopen(descriptor, "r")};
    if (!opened) {
        const int error = errno;
        ::close(descriptor);
        return failed(error);
    }
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) return base::Error{file.string() + " is not a regular file"};
    if (hold == Hold::Exclusive) {
        if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return failed(errno);
        if (!is_still_named(descriptor, file)) return failed(ENOENT);
    }
    return LetterReader{std::move(opened), hold};
}

std::optional<LetterReader::Line> LetterReader::next() {
    char* text = buffer_.release();
    const ssize_t got = ::getline(&text, &capacity_, file_.get());
    buffer_.reset(text);
    if (got <= 0) return std::nullopt;
    std::string_view line{text, static_cast<std::size_t>(got)};
    if (line.back() == '\n') {
        line.remove_suffix(1);
    } else if (hold_ == Hold::None) {
        return std::nullopt;
    }
    return Line{.number = ++number_, .text = line};
}

bool is_held(const fs::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return false;
    const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(descriptor);
    return held;
}

}  // namespace aep::store
