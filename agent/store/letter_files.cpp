#include "store/letter_files.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/bytes.hpp"

namespace aep::store {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kCountEvery{1};
constexpr int kMaxNumber = 100'000;  ///< files of one second, before it is taken for a fault

std::uint64_t size_of(const fs::path& file) {
    std::error_code gone;
    const auto size = fs::file_size(file, gone);
    return gone ? 0 : size;
}

/// Small enough that dropping the oldest file does not drop most of what there is.
std::uint64_t share_of(std::uint64_t max_bytes) {
    return std::clamp<std::uint64_t>(max_bytes / 8, 1, LetterFiles::kFileBytes);
}

}  // namespace

LetterFiles::LetterFiles(DeadLetterOptions options, std::string prefix, std::uint64_t file_bytes)
    : options_{std::move(options)}, prefix_{std::move(prefix)}, file_bytes_{file_bytes} {}

LetterFiles LetterFiles::in_directory(const DeadLetterOptions& options, std::string prefix) {
    return {options, std::move(prefix), share_of(options.max_bytes)};
}

LetterFiles LetterFiles::one_file(fs::path file) {
    constexpr std::uint64_t kUnbounded = std::numeric_limits<std::uint64_t>::max();
    return {{.dir = std::move(file), .max_bytes = kUnbounded}, "", kUnbounded};
}

LetterFiles::Appended LetterFiles::append(std::span<const std::string> lines) {
    count_again();  // an operator may have made room
    Appended done;
    std::size_t count = fitting(lines);
    if (count == 0) {
        done.dropped = make_room(lines.front().size());
        count = fitting(lines);
    }
    if (count == 0) {
        rest();  // or nobody could replay or purge what is in it
        done.trouble = Trouble::OverBudget;
        done.error =
            base::Error{fmt::format("the files in {} have reached dead_letter.max_bytes ({}); replay or "
                                    "purge them (aep-agent dead-letter purge), or raise the limit",
                                    options_.dir.string(), base::format_bytes(options_.max_bytes))};
        return done;
    }
    if (const base::Result<> ready = make_ready(); !ready) {
        done.trouble = Trouble::Unwritable;
        done.error = ready.error();
        return done;
    }
    const LineFile::Appended written = file_->append(lines.first(count));
    // Removed under our hands: what was written is gone with it, or was seen by nobody. Write it again.
    if (!file_->reachable()) {
        file_.reset();
        return done;
    }
    used_ += written.bytes;
    if (written.spoiled) {
        file_->remove_if_empty();
        file_.reset();
    }
    done.lines = written.lines;
    if (written.error) {
        done.trouble = Trouble::Unwritable;
        done.error = *written.error;
        rest();
    }
    return done;
}

void LetterFiles::rest() {
    if (!file_ || !is_directory()) return;
    if (file_->in_place()) rested_ = file_->path();
    file_.reset();
}

std::uint64_t LetterFiles::bytes() {
    count_again();
    return used_;
}

void LetterFiles::count_again() {
    const base::SteadyTime now = base::SteadyClock::now();
    if (counted_at_ && now - *counted_at_ < kCountEvery) return;
    used_ = is_directory() ? bytes_in(options_.dir) : size_of(options_.dir);
    counted_at_ = now;
}

std::size_t LetterFiles::fitting(std::span<const std::string> lines) const {
    std::uint64_t left = options_.max_bytes > used_ ? options_.max_bytes - used_ : 0;
    // Where files may be dropped, no file gets more than its share: the open one cannot be dropped.
    const bool share_only = options_.when_full == WhenFull::DropOldest;
    std::uint64_t taken = 0;
    std::size_t count = 0;
    while (count < lines.size() && lines[count].size() <= left && (!share_only || taken < file_bytes_)) {
        left -= lines[count].size();
        taken += lines[count++].size();
    }
    return count;
}

/// Until `bytes` fit, or there is nothing that may go.
std::vector<Removed> LetterFiles::make_room(std::uint64_t bytes) {
    std::vector<Removed> dropped;
    if (!is_directory() || bytes > options_.max_bytes) return dropped;
    const auto is_enough = [&] { return used_ + bytes <= options_.max_bytes; };
    const auto gained = [&](std::uint64_t size) { used_ -= std::min(used_, size); };
    while (!is_enough()) {
        const auto size = remove_oldest_replayed(options_.dir);
        if (!size) break;
        gained(*size);
    }
    while (!is_enough() && options_.when_full == WhenFull::DropOldest) {
        auto removed = remove_oldest_closed(options_.dir, prefix_);
        if (!removed && !file_) break;
        if (!removed) {  // the one that is being written is all there is
            file_.reset();
            continue;
        }
        gained(removed->bytes);
        dropped.push_back(std::move(*removed));
    }
    return dropped;
}

base::Result<> LetterFiles::make_ready() {
    if (file_ && (!file_->in_place() || file_->size() >= file_bytes_)) file_.reset();
    if (file_ && is_directory() && base::SteadyClock::now() - opened_at_ >= kMostOpen) file_.reset();
    if (file_) return {};
    if (auto rested = continued()) {
        file_.emplace(std::move(*rested));
    } else {
        base::Result<LineFile> opened = next_file();
        if (!opened) return opened.error();
        file_.emplace(std::move(*opened));
    }
    rested_.clear();
    opened_at_ = base::SteadyClock::now();
    counted_at_.reset();  // an open last line has just been ended
    count_again();
    return {};
}

/// The file that rest() closed, where it is still there and nobody reads it.
std::optional<LineFile> LetterFiles::continued() const {
    if (rested_.empty()) return std::nullopt;
    base::Result<LineFile> opened = LineFile::open(rested_, LineFile::Make::Existing);
    if (!opened || !opened->in_place() || opened->size() >= file_bytes_) return std::nullopt;
    return std::move(*opened);
}

base::Result<LineFile> LetterFiles::next_file() const {
    if (!is_directory()) return LineFile::open(options_.dir, LineFile::Make::NewOrExisting);
    const auto now = date::floor<std::chrono::seconds>(base::WallClock::now());
    const std::string name = prefix_ + "-" + date::format("%Y%m%dT%H%M%SZ", now);
    for (int number = 1;; ++number) {
        base::Result<LineFile> opened =
            LineFile::open(options_.dir / fmt::format("{}-{}.ndjson", name, number), LineFile::Make::New);
        // Also where somebody was quicker to lock it than we were.
        const bool is_taken =
            !opened && (opened.error().code == boost::system::errc::file_exists ||
                        opened.error().code == boost::system::errc::resource_unavailable_try_again);
        if (!is_taken || number == kMaxNumber) return opened;
    }
}

}  // namespace aep::store
