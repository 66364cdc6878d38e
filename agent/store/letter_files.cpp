#include "store/letter_files.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "base/bytes.hpp"

namespace aep::store {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kCountEvery{1};
constexpr int kMaxNumber = 100'000;  ///< files of one second, before it is taken for a fault

std::uint64_t size_of(const fs::path& file) {
    std::error_code gone;  // removed while we look: counts nothing
    const auto size = fs::file_size(file, gone);
    return gone ? 0 : size;
}

std::uint64_t size_of_all(const fs::path& directory) {
    std::uint64_t total = 0;
    std::error_code error;
    for (fs::directory_iterator entry{directory, error}, end; !error && entry != end;
         entry.increment(error)) {
        std::error_code gone;
        if (entry->is_regular_file(gone)) total += size_of(entry->path());
    }
    return total;
}

}  // namespace

LetterFiles::LetterFiles(fs::path path, bool is_directory, std::uint64_t max_bytes, std::uint64_t file_bytes)
    : path_{std::move(path)}, is_directory_{is_directory}, max_bytes_{max_bytes}, file_bytes_{file_bytes} {}

LetterFiles LetterFiles::in_directory(fs::path directory, std::uint64_t max_bytes, std::uint64_t file_bytes) {
    return {std::move(directory), true, max_bytes, file_bytes};
}

LetterFiles LetterFiles::one_file(fs::path file) {
    constexpr std::uint64_t kUnbounded = std::numeric_limits<std::uint64_t>::max();
    return {std::move(file), false, kUnbounded, kUnbounded};
}

LetterFiles::Appended LetterFiles::append(std::span<const std::string> lines) {
    count_again();  // an operator may have made room
    const std::size_t count = fitting(lines);
    if (count == 0) {
        return {0, Trouble::OverBudget,
                base::Error{fmt::format(
                    "the files in {} have reached dead_letter.max_bytes ({}); replay or purge them "
                    "(aep-agent dead-letter purge), or raise the limit",
                    path_.string(), base::format_bytes(max_bytes_))}};
    }
    if (const base::Result<> ready = make_ready(); !ready) {
        return {0, Trouble::Unwritable, ready.error()};
    }
    const LineFile::Appended written = file_->append(lines.first(count));
    // Removed under our hands: what was written is gone with it, or was seen by nobody. Write it again.
    if (!file_->reachable()) {
        file_.reset();
        return {};
    }
    used_ += written.bytes;
    if (written.spoiled) {
        file_->remove_if_empty();
        file_.reset();
    }
    if (written.error) return {written.lines, Trouble::Unwritable, *written.error};
    return {written.lines, Trouble::None, {}};
}

std::uint64_t LetterFiles::bytes() {
    count_again();
    return used_;
}

void LetterFiles::count_again() {
    const base::SteadyTime now = base::SteadyClock::now();
    if (counted_at_ && now - *counted_at_ < kCountEvery) return;
    used_ = is_directory_ ? size_of_all(path_) : size_of(path_);
    counted_at_ = now;
}

std::size_t LetterFiles::fitting(std::span<const std::string> lines) const {
    std::uint64_t left = max_bytes_ > used_ ? max_bytes_ - used_ : 0;
    std::size_t count = 0;
    while (count < lines.size() && lines[count].size() <= left) left -= lines[count++].size();
    return count;
}

base::Result<> LetterFiles::make_ready() {
    if (file_ && (!file_->in_place() || file_->size() >= file_bytes_)) file_.reset();
    if (file_) return {};
    base::Result<LineFile> opened = next_file();
    if (!opened) return opened.error();
    file_.emplace(std::move(*opened));
    counted_at_.reset();  // an open last line of the one file has just been ended
    count_again();
    return {};
}

base::Result<LineFile> LetterFiles::next_file() const {
    if (!is_directory_) return LineFile::open(path_, LineFile::Make::NewOrExisting);
    const auto now = date::floor<std::chrono::seconds>(base::WallClock::now());
    const std::string prefix = "dead-letter-" + date::format("%Y%m%dT%H%M%SZ", now);
    for (int number = 1;; ++number) {
        base::Result<LineFile> opened =
            LineFile::open(path_ / fmt::format("{}-{}.ndjson", prefix, number), LineFile::Make::New);
        const bool exists = !opened && opened.error().code == boost::system::errc::file_exists;
        if (!exists || number == kMaxNumber) return opened;
    }
}

}  // namespace aep::store
