#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/bytes.hpp"
#include "base/duration.hpp"
#include "base/random.hpp"
#include "source/file_source.hpp"
#include "source/fingerprint.hpp"
#include "source/gzip_stream.hpp"
#include "source/plain_reader.hpp"
#include "source/read_at.hpp"
#include "telemetry/log.hpp"

namespace aep::source {
namespace {

namespace log = telemetry::log;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using base::SteadyClock;

constexpr std::chrono::milliseconds kFirstBackoff = 1s;
constexpr std::chrono::milliseconds kMaxBackoff = 60s;

/// A compressed file is being written while it changes: it is read once it has not changed for so long.
constexpr std::chrono::milliseconds kAtRest = 1s;

/// gzip(1) removes FILE once FILE.gz is complete. Where it does not within this time, it was told to keep it.
constexpr std::chrono::seconds kOriginalStays = 60s;

/// How long a file that is looked for may stay away before it counts as lost.
constexpr std::chrono::seconds kLost = 5s;

/// When something is looked at again that takes its time.
constexpr std::chrono::milliseconds kSoon = 250ms;

/// A file had another name when it was to be opened than when it was found.
constexpr std::chrono::milliseconds kRaceLost = 20ms;

std::string canonical_path(const std::string& path) {
    std::error_code failed;
    std::string canonical = fs::canonical(path, failed).string();
    return failed ? path : canonical;
}

std::string directory_of(const std::string& path) {
    return fs::path{path}.parent_path().string();
}

}  // namespace

void FileSource::scan() {
    const base::SteadyTime begin = SteadyClock::now();
    ++scans_;
    // Planned first: what is found may ask for another one sooner.
    next_scan_ = base::SteadyTime::max();
    Scanner::Found found = scanner_.scan([this](const std::string& directory) { watch(directory); });
    // A copy can only be told from its original where that is known to be there, or not to be any more.
    std::stable_partition(found.files.begin(), found.files.end(), [this](const FoundFile& file) {
        return followed_.contains(file.identity) || marks_.may_know(file.identity);
    });
    for (const FoundFile& file : found.files) {
        const auto known = followed_.find(file.identity);
        if (known == followed_.end()) {
            meet(file);
        } else if (file.identity.is_another_life_of(known->first.born)) {
            scan_again_in(kRaceLost);  // once the one that is gone counts as missing
        } else {
            meet_again(*known->second, file);
        }
    }
    look_for_missing();
    look_for_unfound();
    std::erase_if(watched_, [this](const auto& watched) { return watched.second.scan + 3 < scans_; });
    finish_settled();
    report_scan(found);
    readers_.prune();
    churn_ += found.files.size();
    rest_later();
    // What a scan costs is its work, not its wait for the disk.
    const base::SteadyClock::duration took = SteadyClock::now() - begin;
    remember_new();
    new_state_ = false;
    plan_next_scan(took);
}

void FileSource::plan_next_scan(base::SteadyClock::duration took) {
    const base::SteadyTime end = SteadyClock::now();
    const base::SteadyClock::duration pause = watcher_.reliable() ? kRescan : kPoll;
    // Those that nobody asked for take at most half a percent of the time, the others a twentieth.
    earliest_scan_ = end + 20 * took;
    next_scan_ = std::max(earliest_scan_, std::min(next_scan_, end + std::max(pause, 200 * took)));
}

void FileSource::scan_again_in(std::chrono::milliseconds time) {
    next_scan_ = std::min(next_scan_, SteadyClock::now() + time);
}

void FileSource::meet(const FoundFile& file) {
    std::optional<Start> start = file.gzip ? start_of_packed(file) : start_of(file);
    if (start) follow(file, std::move(*start));
}

/// Nothing: not yet, another scan will see it again.
std::optional<FileSource::Start> FileSource::start_of(const FoundFile& file) {
    const base::Result<int> opened = files_.open(file.identity, file.path);
    base::Result<std::string> head =
        opened ? first_bytes_of(*opened)
               : base::Result<std::string>{boost::system::in_place_error, opened.error()};
    const auto code = head ? 0 : head.error().code.value();
    if (code == ENOENT || code == ESTALE) {
        scan_again_in(kRaceLost);
        return std::nullopt;
    }
    Start start;
    start.beginning.generation = base::random_hex128();
    if (!head) {
        // Reading it will say what is wrong. Of a known one it cannot be told whether it still is the same.
        if (!marks_.knows(file.identity)) {
            start.beginning.position =
                new_state_ && options_.start_at == SourceOptions::StartAt::End ? file.size : 0;
            return start;
        }
        log::error("source_unreadable", "cannot read a file, trying again",
                   {{"file", file.path}, {"source", options_.id}, {"error", head.error().message}});
        scan_again_in(kRescan);
        return std::nullopt;
    }
    if (const auto known = marks_.take(file, *opened, *head)) {
        start = start_of_known(file, *known);
    } else {
        if (is_copy_in_the_making(file, *opened, *head)) return std::nullopt;
        start.beginning.fingerprint = fingerprint_of(*head);
        start.beginning.position =
            marks_.has_read_copy(file, *opened) ? file.size : first_position(file, *opened);
    }
    if (start.beginning.tail.end == 0) start.beginning.tail = tail_before(*opened, start.beginning.position);
    return start;
}

FileSource::Start FileSource::start_of_known(const FoundFile& file, const FileMarks::Known& known) {
    if (scans_ == 1) ++continued_;
    const std::uint64_t left = file.size - std::min(file.size, known.mark.position);
    if (!file.gzip && known.unread > left) report_lost(known.mark, known.unread - left);
    return Start{.beginning = {.generation = known.mark.generation,
                               .position = known.mark.position,
                               .fingerprint = known.mark.fingerprint,
                               .tail = known.mark.tail,
                               .ledger = known.ledger},
                 .known = true,
                 .remembered = is_at(known.mark, file.identity),
                 .finished = file.gzip && known.mark.finished};
}

/// Where a file is begun that nobody knows.
std::uint64_t FileSource::first_position(const FoundFile& file, int fd) {
    if (!new_state_ || options_.start_at == SourceOptions::StartAt::Beginning) return 0;
    const base::Result<std::uint64_t> start =
        PlainReader::end_of_last_line(fd, file.size, options_.max_record);
    const std::uint64_t position = start ? *start : file.size;
    skipped_bytes_ += position;
    return position;
}

/// The same of a compressed file. It may hold what was read from a file that is gone now.
std::optional<FileSource::Start> FileSource::start_of_packed(const FoundFile& file) {
    const bool skip = new_state_ && options_.start_at == SourceOptions::StartAt::End;
    if (!skip && (!has_come_to_rest(file) || waits_for_original(file))) return std::nullopt;
    Start start;
    start.beginning.generation = base::random_hex128();
    const base::Result<int> opened = files_.open(file.identity, file.path);
    if (!opened) {
        scan_again_in(kAtRest);
        return std::nullopt;
    }
    const base::Result<std::string> head = gzip_head(*opened, kFingerprintBytes);
    const base::Result<std::uint32_t> length = gzip_length(*opened, file.size);
    files_.set_idle(file.identity);
    if (!head || !length) return start;  // reading it will say what is wrong
    start.beginning.fingerprint = fingerprint_of(*head);
    if (const auto known = marks_.take_packed(file, *head)) return start_of_known(file, *known);
    if (const auto known = marks_.take_original(file, *head, *length)) return start_of_known(file, *known);
    if (skip) skipped_bytes_ += *length;
    if (skip || is_copy_of_followed(file, *head, *length)) {
        start.beginning.position = *length;
        start.finished = true;
    }
    return start;
}

/// The file has not changed for kAtRest; otherwise another scan will look.
bool FileSource::has_come_to_rest(const FoundFile& file) {
    Watched& watched = watched_[file.identity];
    const base::SteadyTime now = SteadyClock::now();
    if (watched.scan == 0 || watched.size != file.size || watched.modified != file.modified) {
        watched = {.size = file.size, .modified = file.modified, .unchanged_since = now};
    }
    watched.scan = scans_;
    if (now - watched.unchanged_since >= kAtRest) return true;
    scan_again_in(kAtRest);
    return false;
}

bool FileSource::waits_for_original(const FoundFile& file) {
    const std::optional<FoundFile> original =
        regular_file(file.path.substr(0, file.path.size() - std::string_view{".gz"}.size()));
    if (!original || !followed_.contains(original->identity)) return false;
    if (SteadyClock::now() - watched_[file.identity].unchanged_since >= kOriginalStays) return false;
    scan_again_in(kAtRest);
    return true;
}

/// gzip was told to keep the original, which has been or will be read.
bool FileSource::is_copy_of_followed(const FoundFile& file, std::string_view head,
                                     std::uint32_t length) const {
    const std::string directory = directory_of(file.path);
    return std::ranges::any_of(followed_, [&](const auto& entry) {
        const FileReader& reader = *entry.second->reader;
        return !entry.second->gzip && static_cast<std::uint32_t>(reader.size()) == length &&
               reader.fingerprint() == fingerprint_of(head) && directory_of(reader.path()) == directory;
    });
}

/// The file holds what was read of one that is followed, or its beginning while it is being copied. Either
/// that is truncated soon, or this is a file of its own. Of a new state nothing was read before.
bool FileSource::is_copy_in_the_making(const FoundFile& file, int fd, std::string_view head) {
    const auto is_copied = [&](const auto& entry) { return is_copy_of(*entry.second, file, fd, head); };
    if (new_state_ || std::ranges::none_of(followed_, is_copied)) return false;
    Watched& watched = watched_[file.identity];
    const base::SteadyTime now = SteadyClock::now();
    if (watched.scan == 0) watched.unchanged_since = now;
    watched.scan = scans_;
    if (now - watched.unchanged_since >= kLost) return false;
    scan_again_in(kSoon);
    return true;
}

bool FileSource::is_copy_of(const Followed& followed, const FoundFile& file, int fd, std::string_view head) {
    const FileReader& reader = *followed.reader;
    if (followed.gzip || !may_be_copy(file.path, reader.path())) return false;
    if (continues(reader.fingerprint(), head)) {
        const base::Result<bool> copied = reader.trace().is_in(fd, file.size);
        if (copied && *copied) return true;
    }
    return lengthens(file.path, reader.path()) && is_begun_copy(reader, file, head);
}

/// The file is shorter than what was read of the original, or nothing was, and begins alike.
bool FileSource::is_begun_copy(const FileReader& original, const FoundFile& file, std::string_view head) {
    const bool unread = original.trace().last().end == 0 && original.fingerprint().size > 0;
    if (!unread && file.size >= original.handed_over()) return false;
    const base::Result<Descriptor> opened = open_checked(original.identity(), original.path());
    if (!opened) return false;
    const base::Result<std::string> whole = first_bytes_of(opened->get());
    return whole && whole->starts_with(head);
}

void FileSource::follow(const FoundFile& file, Start start) {
    auto made = std::make_unique<Followed>(make_reader(context_, file, std::move(start.beginning)));
    Followed& followed = *made;
    followed.gzip = file.gzip;
    followed.scan = scans_;
    followed.remembered = start.remembered;
    followed.finished = start.finished;
    followed.fingerprint_size = followed.reader->fingerprint().size;
    followed.seen_at = base::WallClock::now();
    followed_.emplace(file.identity, std::move(made));
    set_name(followed, file.path);
    if (start.finished) followed.reader->pass_over();
    if (followed.remembered) {
        marks_.update(mark_of(followed));
    } else {
        new_.push_back(&followed);
    }
    make_due(followed);
}

void FileSource::meet_again(Followed& followed, const FoundFile& file) {
    followed.scan = scans_;
    followed.missing_since.reset();
    followed.missed = 0;
    if (std::exchange(followed.nameless, false)) files_.unpin(file.identity);
    const bool renamed = followed.reader->path() != file.path;
    if (renamed) set_name(followed, file.path);
    const base::WallTime now = base::WallClock::now();
    const bool tell = now - followed.seen_at >= record::FileMark::kSeenEvery;
    if (tell) followed.seen_at = now;
    if ((renamed || tell) && followed.remembered) marks_.update(mark_of(followed));
    if (!followed.reader->has_changed(file)) return;
    if (followed.gzip) {
        if (!has_come_to_rest(file)) return;
        followed.finished = false;
        followed.reader->expect_change();
    }
    make_due(followed);
}

void FileSource::set_name(Followed& followed, const std::string& path) {
    take_name(followed);
    FileReader& reader = *followed.reader;
    reader.rename(path);
    std::string canonical = canonical_path(path);
    // The key of whoever had the name before lies in that Followed, so it must not stay.
    by_path_.erase(canonical);
    followed.canonical =
        canonical == path ? reader.shared_path() : std::make_shared<const std::string>(std::move(canonical));
    by_path_.emplace(*followed.canonical, &followed);
    // A file behind a link changes in another directory than the one that was listed.
    watch(directory_of(*followed.canonical));
}

/// What changes under its name is not its any more.
void FileSource::take_name(const Followed& followed) {
    if (!followed.canonical) return;
    const auto named = by_path_.find(*followed.canonical);
    if (named != by_path_.end() && named->second == &followed) by_path_.erase(named);
}

/// Those that are followed and that no glob reached this time.
void FileSource::look_for_missing() {
    std::map<std::string, std::vector<Followed*>> missing;
    const base::SteadyTime now = SteadyClock::now();
    for (auto& [identity, followed] : followed_) {
        if (followed->scan == scans_) continue;
        if (!followed->missing_since) followed->missing_since = now;
        ++followed->missed;
        missing[directory_of(*followed->canonical)].push_back(followed.get());
    }
    for (const auto& [directory, its] : missing) look_for_missing_in(directory, its);
}

void FileSource::look_for_missing_in(const std::string& directory, const std::vector<Followed*>& missing) {
    const base::SteadyTime now = SteadyClock::now();
    ByIdentity there;
    for (FoundFile& file : files_in(directory)) there.emplace(file.identity, std::move(file));
    for (Followed* followed : missing) {
        FileReader& reader = *followed->reader;
        const auto found = there.find(reader.identity());
        if (found == there.end() || found->first.is_another_life_of(reader.identity().born)) {
            followed->nameless = true;
            files_.pin(reader.identity());
            next_look_ = std::min(next_look_, now);
            continue;
        }
        if (std::exchange(followed->nameless, false)) files_.unpin(reader.identity());
        followed->missed = 0;
        if (reader.path() != found->second.path) {
            set_name(*followed, found->second.path);
            if (followed->remembered) marks_.update(mark_of(*followed));
        }
        const bool old = now - std::max(followed->grown_at, *followed->missing_since) >= kAbandon;
        if (old || reader.unfinished() || reader.has_changed(found->second)) make_due(*followed);
    }
}

/// Those that marks_ knows and that were not read to their ends. Compressed copies of them count as well,
/// whether they are asked for or not.
void FileSource::look_for_unfound() {
    const base::SteadyTime now = SteadyClock::now();
    if (now < next_search_) return;
    std::map<std::string, std::vector<record::FileMark>> unfound;
    for (const FileMarks::Unfound& file : marks_.unfound()) {
        unfound[directory_of(file.mark.path)].push_back(file.mark);
    }
    for (const auto& [directory, marks] : unfound) {
        for (FoundFile& file : files_in(directory)) {
            file.gzip = file.path.ends_with(".gz");
            const auto may_hold = [&file](const record::FileMark& mark) {
                return mark.inode == file.identity.inode || may_be_copy(file.path, mark.path);
            };
            if (followed_.contains(file.identity) || std::ranges::none_of(marks, may_hold)) continue;
            std::optional<Start> start = file.gzip ? start_of_packed(file) : start_of(file);
            if (start && start->known) follow(file, std::move(*start));
        }
    }
    report_unfound(now - kLost);
    next_search_ = unfound.empty() ? base::SteadyTime::max() : now + kSoon;
    if (!unfound.empty()) scan_again_in(kSoon);
}

/// Makes new files durable, and lets them be read.
void FileSource::remember_new() {
    const base::SteadyTime now = SteadyClock::now();
    if (now < remember_at_ || (new_.empty() && scanned_)) return;
    std::vector<record::FileMark> marks;
    marks.reserve(new_.size());
    for (Followed* followed : new_) {
        if (!followed->gzip && followed->reader->learn_first_bytes())
            followed->fingerprint_size = followed->reader->fingerprint().size;
        marks.push_back(mark_of(*followed));
    }
    base::Result<void> remembered = marks_.remember(marks);
    if (remembered) {
        for (Followed* followed : std::exchange(new_, {})) {
            followed->remembered = true;
            make_due(*followed);
        }
        if (!scanned_) remembered = marks_.mark_scanned();
        scanned_ = scanned_ || remembered;
    }
    if (remembered) {
        remember_backoff_ = {};
        return;
    }
    remember_backoff_ = std::clamp(2 * remember_backoff_, kFirstBackoff, kMaxBackoff);
    remember_at_ = now + remember_backoff_;
    log::error("positions_not_saved",
               "cannot save the positions of new files: nothing of them is read until that succeeds",
               {{"source", options_.id},
                {"files", marks.size()},
                {"error", remembered.error().message},
                {"in", base::format_duration(remember_backoff_)}});
}

/// Tells the PositionStore which files are done with.
void FileSource::finish_settled() {
    marks_.settle();
    for (auto& [identity, followed] : followed_) {
        if (!followed->gzip || followed->finished || !followed->remembered) continue;
        if (!followed->reader->complete() || !followed->reader->settled()) continue;
        followed->finished = true;
        marks_.update(mark_of(*followed));
    }
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
                                    "`start_at: beginning` and start with a new `state_dir`",
              {{"source", options_.id},
               {"files", found.files.size()},
               {"continued", continued_},
               {"skipped", base::human_bytes(skipped_bytes_)}});
    for (const std::string& pattern : found.missing) {
        log::warn("source_no_files", "no file matches yet, waiting for one",
                  {{"include", pattern}, {"source", options_.id}});
    }
}

void FileSource::report_unfound(base::SteadyTime older_than) {
    std::size_t unknown = 0;
    std::string example;
    for (const FileMarks::Unfound& file : marks_.give_up_unfound(older_than)) {
        if (file.unread > 0) report_lost(file.mark, file.unread);
        if (!file.of_earlier_run) continue;
        ++unknown;
        example = fmt::format("{} at {}", file.mark.path, file.mark.position);
    }
    if (unknown == 0) return;
    log::warn("source_gone",
              "files that were followed when the agent stopped are gone: what was written to them behind the "
              "last position is lost; keep rotated files longer",
              {{"source", options_.id}, {"files", unknown}, {"last", example}});
}

void FileSource::report_lost(const record::FileMark& mark, std::uint64_t bytes) {
    count_lost(bytes);
    log::error(
        "source_lost",
        "a file was deleted or truncated before it was read to its end: keep rotated files longer, and "
        "rotate by renaming",
        {{"file", mark.path}, {"source", options_.id}, {"lost_bytes", bytes}});
}

void FileSource::watch(const std::string& directory) {
    watcher_.watch(canonical_path(directory));
}

}  // namespace aep::source
