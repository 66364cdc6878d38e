#include "source/file_source.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "telemetry/log.hpp"

namespace aep::source {
namespace {

namespace log = telemetry::log;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using base::SteadyClock;

constexpr std::chrono::milliseconds kFirstBackoff = 1s;
constexpr std::chrono::milliseconds kMaxBackoff = 60s;

std::string canonical_path(const std::string& path) {
    std::error_code failed;
    std::string canonical = fs::canonical(path, failed).string();
    return failed ? path : canonical;
}

bool has_a_name(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && status.st_nlink > 0;
}

}  // namespace

FileSource::FileSource(const SourceOptions& options, const Surroundings& surroundings,
                       std::function<void()> on_finished)
    : SourceBase{options, surroundings, std::move(on_finished)},
      scanner_{options.include, options.exclude},
      context_{.options = options_, .intake = intake_, .readers = readers_, .files = files_} {}

void FileSource::run(const std::stop_token& stop) {
    scan();
    while (!stop.stop_requested()) {
        if (due_.empty()) wait();
        notice_changes();
        retry_failing();
        read_round(stop);
    }
}

void FileSource::wait() {
    const base::SteadyTime now = SteadyClock::now();
    const base::SteadyTime until = next_turn();
    if (until <= now) return;
    // Woken by the first change, a little longer for those that follow: one read then serves them all.
    if (wake_.wait(watcher_.fd(), until - now)) wake_.wait(-1, options_.gather);
}

base::SteadyTime FileSource::next_turn() const {
    base::SteadyTime next = next_scan_;
    for (const Followed* followed : failing_) next = std::min(next, *followed->retry_at);
    return next;
}

void FileSource::notice_changes() {
    const Watcher::Seen seen = watcher_.drain([this](const std::string& path) {
        if (const auto changed = by_path_.find(path); changed != by_path_.end()) make_due(*changed->second);
    });
    if (seen.names_changed) next_scan_ = std::min(next_scan_, earliest_scan_);
    if (SteadyClock::now() >= next_scan_) scan();
}

void FileSource::scan() {
    const base::SteadyTime begin = SteadyClock::now();
    ++scans_;
    const Scanner::Found found = scanner_.scan([this](const std::string& directory) { watch(directory); });
    for (const FoundFile& file : found.files) {
        const auto known = followed_.find(file.identity);
        if (known == followed_.end()) {
            follow(file);
        } else {
            meet_again(*known->second, file);
        }
    }
    notice_missing();
    report_scan(found);
    readers_.prune();
    const base::SteadyTime end = SteadyClock::now();
    // Of a file that has lost its name inotify says nothing any more.
    const bool any_missing = followed_.size() > found.files.size();
    next_scan_ = end + (watcher_.reliable() && !any_missing ? kRescan : kPoll);
    earliest_scan_ = end + 20 * (end - begin);
}

void FileSource::report_scan(const Scanner::Found& found) {
    if (scans_ == 1) report_start(found);
    for (const std::string& directory : found.unreadable_directories) {
        log::warn("source_directory_unreadable", "cannot list a directory: files in it are not read",
                  {{"directory", directory}, {"source", options_.id}});
    }
    if (found.too_many) {
        log::error("source_too_many_files",
                   "more files than a source can follow, the rest is not read: narrow "
                   "`include` or split the source",
                   {{"source", options_.id}, {"limit", Scanner::kMaxFiles}});
    }
    if (!watcher_.reliable() && !std::exchange(polling_reported_, true)) {
        log::warn("source_polling",
                  "no inotify for all directories, looking for changes every second instead: raise "
                  "fs.inotify.max_user_watches and max_user_instances",
                  {{"source", options_.id}});
    }
}

void FileSource::report_start(const Scanner::Found& found) {
    log::info("source_started",
              skipped_bytes_ == 0 ? "following files"
                                  : "following files from their ends; to read what they hold already set "
                                    "`start_at: beginning`",
              {{"source", options_.id},
               {"files", found.files.size()},
               {"skipped", base::human_bytes(skipped_bytes_)}});
    for (const std::string& pattern : found.missing) {
        log::warn("source_no_files", "no file matches yet, waiting for one",
                  {{"include", pattern}, {"source", options_.id}});
    }
}

void FileSource::follow(const FoundFile& file) {
    const std::uint64_t position = start_of(file);
    skipped_bytes_ += position;
    auto followed = std::make_unique<Followed>(context_, file, base::random_hex128(), position);
    followed->scan = scans_;
    set_canonical(*followed);
    make_due(*followed);
    followed_.emplace(file.identity, std::move(followed));
}

std::uint64_t FileSource::start_of(const FoundFile& file) {
    if (scans_ > 1 || options_.start_at == SourceOptions::StartAt::Beginning) return 0;
    const base::Result<int> opened = files_.open(file.identity, file.path);
    if (!opened) return file.size;
    const base::Result<std::uint64_t> start =
        FileReader::end_of_last_line(*opened, file.size, options_.max_record);
    return start ? *start : file.size;
}

void FileSource::meet_again(Followed& followed, const FoundFile& file) {
    followed.scan = scans_;
    followed.missing_since.reset();
    if (followed.reader.path() != file.path) {
        followed.reader.rename(file.path);
        set_canonical(followed);
    }
    if (file.size != followed.reader.scanned()) make_due(followed);
}

void FileSource::set_canonical(Followed& followed) {
    const auto old = by_path_.find(followed.canonical);
    if (old != by_path_.end() && old->second == &followed) by_path_.erase(old);
    followed.canonical = canonical_path(followed.reader.path());
    by_path_[followed.canonical] = &followed;
    // A file behind a link changes in another directory than the one that was listed.
    watch(fs::path{followed.canonical}.parent_path().string());
}

void FileSource::notice_missing() {
    for (auto& [identity, followed] : followed_) {
        if (followed->scan == scans_) continue;
        if (!followed->missing_since) followed->missing_since = SteadyClock::now();
        files_.pin(identity);
        make_due(*followed);
    }
}

void FileSource::watch(const std::string& directory) {
    watcher_.watch(canonical_path(directory));
}

void FileSource::retry_failing() {
    const base::SteadyTime now = SteadyClock::now();
    std::erase_if(failing_, [&](Followed* followed) {
        if (*followed->retry_at > now) return false;
        followed->retry_at.reset();
        make_due(*followed);
        return true;
    });
}

void FileSource::make_due(Followed& followed) {
    if (followed.due || followed.retry_at) return;
    followed.due = true;
    due_.push_back(&followed);
}

/// One Block of every file that has something new.
void FileSource::read_round(const std::stop_token& stop) {
    for (Followed* followed : std::exchange(due_, {})) {
        if (stop.stop_requested()) return;
        followed->due = false;
        const FileReader::Step step = followed->reader.read(stop);
        if (step == FileReader::Step::Stopped) return;
        if (step == FileReader::Step::Failed) {
            after_failure(*followed);
            continue;
        }
        followed->backoff = {};
        if (step == FileReader::Step::More) make_due(*followed);
        if (step == FileReader::Step::AtEnd) after_end(*followed);
    }
}

void FileSource::after_end(Followed& followed) {
    if (!followed.missing_since) return;
    if (followed.reader.expects_no_more()) return forget(followed);
    const base::Result<int> file = files_.open(followed.reader.identity(), followed.reader.path());
    const bool deleted = !file || !has_a_name(*file);
    if (!deleted && SteadyClock::now() - *followed.missing_since < kLinger) return;
    followed.reader.expect_no_more();
    make_due(followed);
}

void FileSource::after_failure(Followed& followed) {
    const FileReader& reader = followed.reader;
    if (followed.missing_since && !files_.is_open(reader.identity())) {
        if (reader.unread() > 0) {
            log::error("source_lost",
                       "a file is gone before it was read to its end: keep rotated files longer",
                       {{"file", reader.path()}, {"source", options_.id}, {"lost_bytes", reader.unread()}});
        }
        return forget(followed);
    }
    followed.backoff = std::clamp(2 * followed.backoff, kFirstBackoff, kMaxBackoff);
    followed.retry_at = SteadyClock::now() + followed.backoff;
    failing_.push_back(&followed);
    // The file may have got another name, or none: only a scan can tell.
    next_scan_ = std::min(next_scan_, std::max(SteadyClock::now(), earliest_scan_));
    log::error("source_unreadable", "cannot read a file, trying again",
               {{"file", reader.path()},
                {"source", options_.id},
                {"position", reader.scanned()},
                {"error", reader.error().message},
                {"in", base::format_duration(followed.backoff)}});
}

void FileSource::forget(Followed& followed) {
    const auto named = by_path_.find(followed.canonical);
    if (named != by_path_.end() && named->second == &followed) by_path_.erase(named);
    const FileIdentity identity = followed.reader.identity();
    followed_.erase(identity);
}

}  // namespace aep::source
