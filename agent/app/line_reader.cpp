#include "app/line_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace aep::app {
namespace {

constexpr std::size_t kFirstCapacity = std::size_t{1} << 20U;
constexpr std::size_t kPadding = 64;  // simdjson reads that far ahead
constexpr std::size_t kShownOfTooLong = 4096;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

base::Result<LineReader> LineReader::open(const std::string& file) {
    if (file.empty() || file == "-") return LineReader{STDIN_FILENO, "standard input"};
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return base::system_error(fmt::format("cannot open {}", file), errno);
    LineReader reader{fd, file, true};
    unsigned char magic[2] = {};
    if (::pread(fd, magic, sizeof magic, 0) == 2 && magic[0] == 0x1F && magic[1] == 0x8B) {
        return base::Error{fmt::format("{0} is compressed: zcat {0} | aep-agent ... -", file)};
    }
    return reader;
}

LineReader::LineReader(int fd, std::string name, bool owned)
    : fd_{fd}, owned_{owned}, name_{std::move(name)}, buffer_(kFirstCapacity) {}

LineReader::LineReader(LineReader&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)},
      owned_{std::exchange(other.owned_, false)},
      name_{std::move(other.name_)},
      buffer_{std::move(other.buffer_)},
      begin_{other.begin_},
      scanned_{other.scanned_},
      end_{other.end_},
      number_{other.number_},
      at_end_{other.at_end_},
      skipping_{other.skipping_},
      error_{std::move(other.error_)} {}

LineReader::~LineReader() {
    if (owned_) ::close(fd_);
}

void LineReader::make_room() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    scanned_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
    // Half of it free: a long line costs few reads, and each of its bytes is moved rarely.
    if (end_ + kPadding > buffer_.size() / 2) buffer_.resize(buffer_.size() * 2);
}

bool LineReader::fill() {
    if (at_end_) return false;
    make_room();
    ssize_t count = 0;
    do {
        count = ::read(fd_, buffer_.data() + end_, buffer_.size() - kPadding - end_);
    } while (count < 0 && errno == EINTR);
    if (count < 0) error_ = base::system_error("cannot read " + name_, errno);
    at_end_ = count <= 0;
    if (count > 0) end_ += static_cast<std::size_t>(count);
    return !error_ && (count > 0 || begin_ < end_);
}

std::optional<std::string_view> LineReader::take_line() {
    const char* const data = buffer_.data();
    const auto* newline = static_cast<const char*>(std::memchr(data + scanned_, '\n', end_ - scanned_));
    scanned_ = end_;
    if (newline == nullptr && (!at_end_ || begin_ == end_)) return std::nullopt;
    const std::size_t line_end = newline != nullptr ? static_cast<std::size_t>(newline - data) : end_;
    std::string_view line{data + begin_, line_end - begin_};
    begin_ = scanned_ = std::min(line_end + 1, end_);
    ++number_;
    if (number_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::optional<LineReader::Line> LineReader::next() {
    while (const auto line = take_line()) {
        if (std::exchange(skipping_, false)) continue;  // the end of a line that was reported already
        if (line->find_first_not_of(" \t\r") == std::string_view::npos) continue;
        return Line{.number = number_, .text = *line};
    }
    if (end_ - begin_ <= kLongest) return std::nullopt;
    const bool first = !std::exchange(skipping_, true);
    const std::string_view beginning{buffer_.data() + begin_, kShownOfTooLong};
    begin_ = scanned_ = end_;
    if (!first) return std::nullopt;
    return Line{.number = number_ + 1, .text = beginning, .too_long = true};
}

}  // namespace aep::app
