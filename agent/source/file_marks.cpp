#include "source/file_marks.hpp"

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <utility>

#include "source/fingerprint.hpp"
#include "source/open_files.hpp"

namespace aep::source {
namespace {

namespace fs = std::filesystem;

/// Whether the mark is of that file. Device numbers of some file systems change with a restart of the
/// machine: then name and contents have to do.
bool is_of(const record::FileMark& mark, const FoundFile& file, std::string_view head) {
    if (mark.inode != file.identity.inode || !continues(mark.fingerprint, head)) return false;
    if (file.identity.is_another_life_of(mark.born)) return false;
    if (!file.gzip && file.size < mark.position) return false;
    if (mark.device == file.identity.device) return true;
    return mark.fingerprint.size > 0 && mark.path == file.path;
}

bool is_there(int fd, const record::Tail& tail) {
    const base::Result<bool> held = holds(fd, tail);
    return held && *held;
}

bool is_in(int fd, std::uint64_t size, const Trace& trace) {
    const base::Result<bool> held = trace.is_in(fd, size);
    return held && *held;
}

/// Whether a compressed file can have been made of the marked one. What was read behind `head` is compared
/// when the file is unpacked.
bool is_original(const record::FileMark& mark, const FoundFile& copy, std::string_view head,
                 std::uint32_t length) {
    if (mark.fingerprint.size == 0 || mark.path.ends_with(".gz")) return false;
    if (!continues(mark.fingerprint, head)) return false;
    const bool is_known_by_head = mark.fingerprint.size == head.size() || mark.position == 0;
    if (!is_known_by_head && !holds(head, mark.tail)) return false;
    if (fs::path{mark.path}.parent_path() != fs::path{copy.path}.parent_path()) return false;
    const auto position = static_cast<std::uint32_t>(mark.position);
    return mark.finished ? length == position : length >= position;
}

/// The file that was found where the marked one was is that, and has not been truncated.
bool is_intact(const record::FileMark& mark, const FoundFile& file) {
    if (file.size < mark.position) return false;
    const base::Result<Descriptor> opened = open_checked(file.identity, file.path);
    if (!opened) return false;
    const base::Result<std::string> head = first_bytes_of(opened->get());
    return head && is_of(mark, file, *head) && (mark.tail.end == 0 || is_there(opened->get(), mark.tail));
}

/// Whether a file that holds what was read of the marked one in an earlier run is the copy in which that goes
/// on. It is one only where the marked file is there, whatever its name is, and truncated: one that has
/// replaced it may hold the same at its ends alone. Where every record is like the others, later copies look
/// the same as well: the oldest was made of what was read.
bool is_copy_of_truncated(const record::FileMark& mark, const Trace& trace, const FoundFile& copy) {
    bool is_truncated = false;
    for (const FoundFile& file : files_in(fs::path{mark.path}.parent_path().string())) {
        if (file.identity.inode == mark.inode && !file.identity.is_another_life_of(mark.born)) {
            if (is_intact(mark, file)) return false;
            is_truncated = true;
        } else if (file.modified < copy.modified && may_be_copy(file.path, mark.path)) {
            const base::Result<Descriptor> older = open_checked(file.identity, file.path);
            if (older && file.size >= mark.position && is_in(older->get(), file.size, trace)) return false;
        }
    }
    return is_truncated;
}

}  // namespace

bool is_at(const record::FileMark& mark, const FileIdentity& identity) {
    return mark.device == identity.device && mark.inode == identity.inode &&
           !identity.is_another_life_of(mark.born);
}

bool may_be_copy(std::string_view path, std::string_view original) {
    const std::size_t name = original.rfind('/') + 1;
    const std::size_t extension = original.rfind('.');
    const bool has_extension = extension != std::string_view::npos && extension > name;
    return path.starts_with(original.substr(0, has_extension ? extension : original.size()));
}

bool lengthens(std::string_view path, std::string_view original) {
    if (path.starts_with(original)) return true;
    const std::size_t extension = original.rfind('.');
    return extension != std::string_view::npos && may_be_copy(path, original) &&
           path.ends_with(original.substr(extension));
}

void FileMarks::recall() {
    if (positions_ == nullptr) return;
    for (record::FileMark& mark : positions_->recall(source_)) {
        std::optional<Trace> trace;
        if (!mark.finished && !mark.path.ends_with(".gz")) trace = Trace{mark.fingerprint, mark.tail};
        add({.mark = std::move(mark), .unsettled = nullptr, .trace = trace, .of_earlier_run = true});
    }
}

FileMarks::Entry& FileMarks::add(Entry entry) {
    entry.since = base::SteadyClock::now();
    const std::uint64_t inode = entry.mark.inode;
    return entries_.emplace(inode, std::move(entry))->second;
}

bool FileMarks::new_state() const {
    return positions_ == nullptr || !positions_->scanned_before(source_);
}

base::Result<void> FileMarks::mark_scanned() {
    if (positions_ == nullptr) return {};
    return positions_->mark_scanned(source_);
}

base::Result<void> FileMarks::remember(std::span<const record::FileMark> marks) {
    if (positions_ == nullptr || marks.empty()) return {};
    // A generation that goes on in a copy is known already: an older change that waits to be committed must
    // not undo what is remembered now.
    for (const record::FileMark& mark : marks) positions_->update(mark);
    return positions_->remember(marks);
}

void FileMarks::update(const record::FileMark& mark) {
    if (positions_ != nullptr) positions_->update(mark);
}

std::optional<FileMarks::Known> FileMarks::take(const FoundFile& file, int fd, std::string_view head) {
    const auto same = find_same(file, fd, head);
    if (same != entries_.end() && same->second.mark.tail.end > 0) return take(same);
    // Of the file that had the copy's inode before, nothing but that may be known.
    const auto copied = find_copied(file, fd, head);
    return take(copied != entries_.end() ? copied : same);
}

std::optional<FileMarks::Known> FileMarks::take_packed(const FoundFile& file, std::string_view head) {
    return take(find_same(file, -1, head));
}

FileMarks::Entries::iterator FileMarks::find_same(const FoundFile& file, int fd, std::string_view head) {
    // A truncated file leaves marks of its earlier generations behind; the one that says most is right.
    const auto rank = [](const Entry& entry) {
        return std::tuple{entry.mark.fingerprint.size, entry.mark.tail.end > 0, !entry.mark.finished};
    };
    auto best = entries_.end();
    const auto [begin, end] = entries_.equal_range(file.identity.inode);
    for (auto at = begin; at != end; ++at) {
        const record::FileMark& mark = at->second.mark;
        if (!is_of(mark, file, head)) continue;
        if (!file.gzip && mark.tail.end > 0 && !is_there(fd, mark.tail)) continue;
        if (best == entries_.end() || rank(at->second) >= rank(best->second)) best = at;
    }
    return best;
}

/// A copy of a file of which no record is known to have been read is one by its first bytes alone: it is read
/// from its beginning, as it would be as a file of its own.
FileMarks::Entries::iterator FileMarks::find_copied(const FoundFile& file, int fd, std::string_view head) {
    if (head.empty()) return entries_.end();
    const record::Fingerprint whole = fingerprint_of(head);
    const auto begins_alike = [&](const record::Fingerprint& other) {
        if (other.size == 0) return false;
        return other.size == whole.size ? other == whole : continues(other, head);
    };
    const auto is_copied = [&](const Entry& entry) {
        const record::FileMark& mark = entry.mark;
        if (!entry.trace || file.size < mark.position || entry.trace->last().end > file.size) return false;
        if (!begins_alike(mark.fingerprint) || !may_be_copy(file.path, mark.path)) return false;
        const bool unread = mark.position == 0 && entry.trace->last().end == 0;
        return (unread || is_in(fd, file.size, *entry.trace)) &&
               (!entry.of_earlier_run || is_copy_of_truncated(mark, *entry.trace, file));
    };
    return std::ranges::find_if(entries_, [&](const auto& one) { return is_copied(one.second); });
}

bool FileMarks::has_read_copy(const FoundFile& file, int fd) {
    for (auto& [inode, entry] : entries_) {
        if (!entry.trace || entry.of_earlier_run || file.size >= entry.mark.position) continue;
        if (!may_be_copy(file.path, entry.mark.path) || !is_in(fd, file.size, *entry.trace)) continue;
        entry.trace.reset();
        settle(entry);
        if (entry.unsettled == nullptr) finish(entry);
        return true;
    }
    return false;
}

std::optional<FileMarks::Known> FileMarks::take_original(const FoundFile& file, std::string_view head,
                                                         std::uint32_t length) {
    return take(std::ranges::find_if(
        entries_, [&](const auto& entry) { return is_original(entry.second.mark, file, head, length); }));
}

std::optional<FileMarks::Known> FileMarks::take(Entries::iterator at) {
    if (at == entries_.end()) return std::nullopt;
    settle(at->second);
    Entry& entry = at->second;
    Known known{.mark = std::move(entry.mark), .ledger = std::move(entry.unsettled), .unread = entry.unread};
    entries_.erase(at);
    return known;
}

bool FileMarks::knows(const FileIdentity& identity) const {
    const auto [begin, end] = entries_.equal_range(identity.inode);
    return std::any_of(begin, end, [&](const auto& entry) { return is_at(entry.second.mark, identity); });
}

bool FileMarks::may_know(const FileIdentity& identity) const {
    return entries_.contains(identity.inode);
}

void FileMarks::retire(record::FileMark mark, std::shared_ptr<record::Ledger> ledger, std::uint64_t unread) {
    retire({.mark = std::move(mark), .unsettled = std::move(ledger), .unread = unread});
}

void FileMarks::retire_truncated(record::FileMark mark, std::shared_ptr<record::Ledger> ledger,
                                 std::uint64_t unread, const Trace& trace) {
    retire({.mark = std::move(mark), .unsettled = std::move(ledger), .unread = unread, .trace = trace});
}

void FileMarks::retire(Entry entry) {
    Entry& retired = add(std::move(entry));
    if (retired.unsettled == nullptr) {
        finish(retired);
    } else {
        settle(retired);
    }
    bound();
}

void FileMarks::set_aside(record::FileMark mark, std::shared_ptr<record::Ledger> ledger) {
    retire({.mark = std::move(mark), .unsettled = std::move(ledger), .is_aside = true});
}

bool FileMarks::has_unsettled() const {
    return std::ranges::any_of(entries_, [](const auto& entry) {
        const auto& ledger = entry.second.unsettled;
        return ledger != nullptr && ledger->in_flight() > 0;
    });
}

void FileMarks::settle() {
    for (auto& [inode, entry] : entries_) settle(entry);
}

void FileMarks::settle(Entry& entry) {
    if (entry.unsettled == nullptr || entry.unsettled->in_flight() > 0) return;
    entry.unsettled.reset();
    finish(entry);
}

void FileMarks::finish(Entry& entry) {
    entry.mark.finished = !entry.is_aside && !is_unfound(entry);
    update(entry.mark);
}

void FileMarks::bound() {
    if (entries_.size() <= kMostFinished) return;
    std::vector<Entries::iterator> finished;
    for (auto at = entries_.begin(); at != entries_.end(); ++at) {
        if (at->second.mark.finished) finished.push_back(at);
    }
    if (finished.size() <= kMostFinished) return;
    // A quarter at once, so that the search is not made for each of them.
    const auto quarter = finished.begin() + kMostFinished / 4;
    std::ranges::nth_element(finished, quarter, {}, [](const auto& at) { return at->second.since; });
    for (auto at = finished.begin(); at != quarter; ++at) entries_.erase(*at);
}

bool FileMarks::is_unfound(const Entry& entry) {
    if (entry.mark.finished || entry.given_up || entry.is_aside) return false;
    return entry.of_earlier_run || entry.unread > 0 || entry.trace;
}

std::vector<FileMarks::Unfound> FileMarks::unfound() const {
    std::vector<Unfound> all;
    for (const auto& [inode, entry] : entries_) {
        if (!is_unfound(entry)) continue;
        all.push_back({.mark = entry.mark, .unread = entry.unread, .of_earlier_run = entry.of_earlier_run});
    }
    return all;
}

std::vector<FileMarks::Unfound> FileMarks::give_up_unfound(base::SteadyTime older_than) {
    std::vector<Unfound> all;
    for (auto& [inode, entry] : entries_) {
        if (!is_unfound(entry) || entry.since > older_than) continue;
        entry.given_up = true;
        // Those of an earlier run stay unfinished: their disk may only be away, with the copies.
        if (!entry.of_earlier_run) entry.trace.reset();
        if (!entry.of_earlier_run && entry.unsettled == nullptr) {
            entry.mark.finished = true;
            update(entry.mark);
        }
        all.push_back({.mark = entry.mark, .unread = entry.unread, .of_earlier_run = entry.of_earlier_run});
    }
    return all;
}

}  // namespace aep::source
