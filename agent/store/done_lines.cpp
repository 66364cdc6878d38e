#include "store/done_lines.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include "store/line_file.hpp"

namespace aep::store {
namespace {

namespace fs = std::filesystem;

/// A file of letters has far fewer lines; more can only be damage.
constexpr std::uint64_t kMostLines = std::uint64_t{1} << 28U;

std::uint64_t inode_of(const fs::path& file) {
    struct ::stat status {};
    return ::stat(file.c_str(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

DoneLines::DoneLines(fs::path letters) : inode_{inode_of(letters)} {
    file_ = std::move(letters);
    file_ += ".done";
}

DoneLines DoneLines::of(const fs::path& letters) {
    DoneLines done{letters};
    std::ifstream in{done.file_};
    std::string line;
    std::uint64_t inode = 0;
    if (!std::getline(in, line) || std::sscanf(line.c_str(), "inode %" SCNu64, &inode) != 1) return done;
    if (inode == 0 || inode != done.inode_) return done;
    done.is_begun_ = true;
    // A line that a crash cut off has no end; what it says is not sure.
    while (std::getline(in, line) && !in.eof()) {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        if (std::sscanf(line.c_str(), "%" SCNu64 "-%" SCNu64, &first, &last) == 2) done.mark(first, last);
    }
    return done;
}

void DoneLines::mark(std::uint64_t first, std::uint64_t last) {
    if (first > last || last > kMostLines) return;
    if (done_.size() <= last) done_.resize(last + 1);
    for (std::uint64_t line = first; line <= last; ++line) {
        count_ += done_[line] ? 0 : 1;
        done_[line] = true;
    }
}

base::Result<> DoneLines::add(std::span<const std::uint64_t> lines) {
    if (lines.empty()) return {};
    if (!is_begun_) forget();
    std::vector<std::string> text;
    if (!is_begun_) text.push_back(fmt::format("inode {}\n", inode_));
    for (std::size_t i = 0; i < lines.size();) {
        std::size_t end = i + 1;
        while (end < lines.size() && lines[end] == lines[end - 1] + 1) ++end;
        text.push_back(fmt::format("{}-{}\n", lines[i], lines[end - 1]));
        i = end;
    }
    auto file = LineFile::open(file_, LineFile::Make::NewOrExisting);
    if (!file) return file.error();
    const LineFile::Appended written = file->append(text);
    if (written.error) return *written.error;
    is_begun_ = true;
    for (const std::uint64_t line : lines) mark(line, line);
    return {};
}

void DoneLines::forget() const {
    std::error_code ignored;
    fs::remove(file_, ignored);
}

}  // namespace aep::store
