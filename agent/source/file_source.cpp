#include "source/file_source.hpp"

#include <malloc.h>

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "telemetry/log.hpp"

namespace aep::source {
namespace {

namespace log = telemetry::log;
using namespace std::chrono_literals;
using base::SteadyClock;
using Step = FileReader::Step;

constexpr std::chrono::milliseconds kFirstBackoff = 1s;
constexpr std::chrono::milliseconds kMaxBackoff = 60s;
constexpr std::chrono::seconds kRestAfter{2};

}  // namespace

FileSource::FileSource(const SourceOptions& options, const Surroundings& surroundings,
                       std::function<void()> on_finished)
    : SourceBase{options, surroundings, std::move(on_finished)},
      scanner_{options.include, options.exclude},
      marks_{options.id, surroundings.positions},
      context_{.options = options_, .intake = intake_, .readers = readers_, .files = files_} {}

FileSource::~FileSource() {
    stop();
    // What was settled while the agent drained.
    finish_settled();
}

void FileSource::run(const std::stop_token& stop) {
    if (!std::exchange(recalled_, true)) {
        marks_.recall();
        new_state_ = marks_.new_state();
    }
    make_all_due();
    scan();
    while (!stop.stop_requested()) {
        if (due_.empty() && packed_due_.empty()) wait();
        notice_changes();
        retry_failing();
        look_at_nameless();
        remember_first_bytes();
        read_round(stop);
        rest();
    }
}

void FileSource::rest_later() {
    if (next_rest_ == base::SteadyTime::max()) next_rest_ = SteadyClock::now() + kRestAfter;
}

/// Gives back what is not needed any more for files that were read some time ago. Listing and reading
/// thousands of them leaves a heap full of holes behind as well.
void FileSource::rest() {
    constexpr std::size_t kMuch = 1000;
    const base::SteadyTime now = SteadyClock::now();
    if (now < next_rest_) return;
    next_rest_ = base::SteadyTime::max();
    for (const auto& [identity, followed] : followed_) {
        FileReader& reader = *followed->reader;
        if (!reader.ledger()) continue;
        reader.rest();
        if (reader.ledger()) {
            next_rest_ = now + kRestAfter;
        } else {
            ++churn_;
        }
    }
    if (churn_ < kMuch) return;
    churn_ = 0;
    ::malloc_trim(0);
}

void FileSource::wait() {
    const base::SteadyTime now = SteadyClock::now();
    const base::SteadyTime until = next_turn();
    if (until <= now) return;
    // Woken by the first change, a little longer for those that follow: one read then serves them all.
    if (wake_.wait(watcher_.fd(), until - now)) wake_.wait(-1, options_.gather);
}

base::SteadyTime FileSource::next_turn() const {
    base::SteadyTime next = std::min({next_scan_, next_look_, next_rest_});
    if (!new_.empty()) next = std::min(next, remember_at_);
    for (const Followed* followed : failing_) next = std::min(next, *followed->retry_at);
    return next;
}

void FileSource::notice_changes() {
    const Watcher::Seen seen = watcher_.drain([this](const std::string& path) {
        const auto changed = by_path_.find(path);
        if (changed == by_path_.end()) return;
        // A compressed file is looked at by scans, when it has come to rest.
        if (changed->second->gzip) {
            scan_again_in(kPoll);
        } else {
            make_due(*changed->second);
        }
    });
    if (seen.names_changed) next_scan_ = std::min(next_scan_, earliest_scan_);
    const base::SteadyTime now = SteadyClock::now();
    if (now >= next_scan_) scan();
    if (!new_.empty() && now >= remember_at_) remember_new();
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

/// Of a file that has lost its name inotify says nothing any more.
void FileSource::look_at_nameless() {
    const base::SteadyTime now = SteadyClock::now();
    if (now < next_look_) return;
    next_look_ = base::SteadyTime::max();
    for (auto& [identity, followed] : followed_) {
        if (!followed->nameless) continue;
        next_look_ = now + kPoll;
        make_due(*followed);
    }
}

void FileSource::make_due(Followed& followed) {
    if (followed.due || followed.retry_at || !followed.remembered) return;
    followed.due = true;
    if (followed.gzip) {
        packed_due_.push_back(&followed);
    } else {
        due_.push_back(&followed);
    }
}

/// After a stop(), which ends a round in its middle.
void FileSource::make_all_due() {
    due_.clear();
    packed_due_.clear();
    for (auto& [identity, followed] : followed_) {
        followed->due = false;
        make_due(*followed);
    }
}

/// A file that was empty when it was found is remembered by its inode alone, which another file may have
/// after a crash: nothing of it is handed over before its first bytes are durable as well.
void FileSource::remember_first_bytes() {
    const auto learnt = std::stable_partition(due_.begin(), due_.end(), [](const Followed* followed) {
        return followed->fingerprint_size > 0 || !followed->reader->learn_first_bytes();
    });
    if (learnt == due_.end()) return;
    for (auto at = learnt; at != due_.end(); ++at) {
        Followed& followed = **at;
        followed.due = false;
        followed.remembered = false;
        followed.fingerprint_size = followed.reader->fingerprint().size;
        new_.push_back(&followed);
    }
    due_.erase(learnt, due_.end());
    remember_new();
}

/// One Block of every file that has something new, and of one compressed file: each of those that are being
/// unpacked needs a window of its own.
void FileSource::read_round(const std::stop_token& stop) {
    if (due_.empty() && packed_due_.empty()) return;
    churn_ += due_.size();
    rest_later();
    for (Followed* followed : std::exchange(due_, {})) {
        if (!read_one(*followed, stop)) return;
    }
    if (packed_due_.empty()) return;
    Followed* const packed = packed_due_.front();
    packed_due_.pop_front();
    if (!read_one(*packed, stop)) return;
    // Until it has been read it stays in front.
    if (!packed_due_.empty() && packed_due_.back() == packed) {
        packed_due_.pop_back();
        packed_due_.push_front(packed);
    }
}

/// False: asked to stop.
bool FileSource::read_one(Followed& followed, const std::stop_token& stop) {
    if (stop.stop_requested()) return false;
    followed.due = false;
    FileReader& reader = *followed.reader;
    const std::uint64_t before = reader.scanned();
    const Step step = reader.read(stop);
    if (reader.scanned() > before) followed.grown_at = SteadyClock::now();
    switch (step) {
        case Step::Stopped:
            return false;
        case Step::Failed:
            after_failure(followed);
            return true;
        case Step::Broken:
            after_breakage(followed);
            return true;
        case Step::Moved:
            after_move(followed);
            return true;
        case Step::Replaced:
            after_replacement(followed);
            return true;
        case Step::More:
        case Step::AtEnd:
            break;
    }
    followed.backoff = {};
    tell_growth(followed);
    if (step == Step::More) {
        make_due(followed);
    } else {
        after_end(followed);
    }
    return true;
}

/// So that the next start knows the file by more of its bytes.
void FileSource::tell_growth(Followed& followed) {
    const std::uint32_t size = followed.reader->fingerprint().size;
    if (std::exchange(followed.fingerprint_size, size) != size) marks_.update(mark_of(followed));
}

void FileSource::after_end(Followed& followed) {
    FileReader& reader = *followed.reader;
    if (!followed.missing_since) return;
    const auto quiet = SteadyClock::now() - std::max(followed.grown_at, *followed.missing_since);
    // Whoever has it open may still write to it.
    const bool ended =
        followed.nameless && quiet >= (reader.deleted() ? std::chrono::nanoseconds{kDeletedLinger}
                                                        : std::chrono::nanoseconds{kRenamedLinger});
    if (reader.expects_no_more()) reader.expect_no_more(false);
    if (reader.unfinished() && (ended || quiet >= kRenamedLinger)) {
        reader.expect_no_more();
        return make_due(followed);
    }
    if (ended || quiet >= kAbandon)
        retire(followed, followed.gzip && !reader.complete() ? reader.unread() : 0);
}

/// Its name leads elsewhere. It may have another one: the next scan knows. If none does, nor the one after
/// it, it is gone.
void FileSource::after_move(Followed& followed) {
    if (followed.missed >= 2) return retire(followed, followed.reader->unread());
    next_scan_ = std::min(next_scan_, std::max(SteadyClock::now(), earliest_scan_));
}

void FileSource::after_replacement(Followed& followed) {
    FileReader& reader = *followed.reader;
    log::info("source_truncated", "a file was truncated or written anew: reading it from its beginning",
              {{"file", reader.path()},
               {"source", options_.id},
               {"position", reader.handed_over()},
               {"unread_bytes", reader.unread()}});
    record::FileMark old = mark_of(followed);
    old.position = reader.handed_over();
    marks_.retire_truncated(std::move(old), reader.ledger(), reader.unread(), reader.trace());
    next_search_ = SteadyClock::now();
    scan_again_in(0ms);
    reader.begin_again(base::random_hex128());
    followed.remembered = false;
    followed.fingerprint_size = 0;
    followed.finished = false;
    new_.push_back(&followed);
    remember_at_ = SteadyClock::now();
}

void FileSource::after_failure(Followed& followed) {
    const FileReader& reader = *followed.reader;
    followed.backoff = std::clamp(2 * followed.backoff, kFirstBackoff, kMaxBackoff);
    followed.retry_at = SteadyClock::now() + followed.backoff;
    failing_.push_back(&followed);
    log::error("source_unreadable", "cannot read a file, trying again",
               {{"file", reader.path()},
                {"source", options_.id},
                {"position", reader.scanned()},
                {"error", context_.error.message},
                {"in", base::format_duration(followed.backoff)}});
}

void FileSource::after_breakage(Followed& followed) {
    FileReader& reader = *followed.reader;
    log::error("source_broken",
               "cannot read the rest of a compressed file: replace it by a whole one, it will be read again",
               {{"file", reader.path()},
                {"source", options_.id},
                {"position", reader.handed_over()},
                {"error", context_.error.message},
                {"lost_bytes", reader.unread()}});
    count_lost(reader.unread());
    reader.pass_over();
}

/// Nothing more will be read of it.
void FileSource::retire(Followed& followed, std::uint64_t unread) {
    const FileReader& reader = *followed.reader;
    record::FileMark mark = mark_of(followed);
    mark.position = reader.handed_over();
    if (reader.deleted()) mark.inode = 0;  // whoever has it now is another file
    marks_.retire(std::move(mark), reader.ledger(), unread);
    if (unread > 0)
        next_search_ = next_scan_ = std::min(next_scan_, std::max(SteadyClock::now(), earliest_scan_));
    unfollow(followed);
}

void FileSource::unfollow(Followed& followed) {
    take_name(followed);
    const FileIdentity identity = followed.reader->identity();
    followed_.erase(identity);
}

record::FileMark FileSource::mark_of(const Followed& followed) const {
    const FileReader& reader = *followed.reader;
    return {.source = options_.id,
            .generation = reader.generation(),
            .path = reader.path(),
            .device = reader.identity().device,
            .inode = reader.identity().inode,
            .born = reader.identity().born,
            .fingerprint = reader.fingerprint(),
            .position = reader.position(),
            .tail = reader.trace().last(),
            .finished = followed.finished,
            .last_seen = followed.seen_at};
}

}  // namespace aep::source
