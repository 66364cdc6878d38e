#include "source/file_marks.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "source/fingerprint.hpp"

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

/// Whether a compressed file can have been made of the marked one.
bool is_original(const record::FileMark& mark, const FoundFile& copy, std::string_view head,
                 std::uint32_t length) {
    if (mark.fingerprint.size == 0 || mark.path.ends_with(".gz")) return false;
    if (mark.fingerprint.size < kFingerprintBytes && mark.fingerprint.size != head.size()) return false;
    if (!continues(mark.fingerprint, head)) return false;
    if (fs::path{mark.path}.parent_path() != fs::path{copy.path}.parent_path()) return false;
    const auto position = static_cast<std::uint32_t>(mark.position);
    return mark.finished ? length == position : length >= position;
}

}  // namespace

bool is_at(const record::FileMark& mark, const FileIdentity& identity) {
    return mark.device == identity.device && mark.inode == identity.inode &&
           !identity.is_another_life_of(mark.born);
}

bool may_be_copy(const std::string& path, const std::string& original) {
    return path.starts_with(fs::path{original}.replace_extension().string());
}

void FileMarks::recall() {
    if (positions_ == nullptr) return;
    for (record::FileMark& mark : positions_->recall(source_))
        add({.mark = std::move(mark), .unsettled = nullptr, .of_earlier_run = true});
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

std::optional<FileMarks::Known> FileMarks::take(const FoundFile& file, std::string_view head) {
    // A truncated file leaves marks of its earlier generations behind; the one that says most is right.
    const auto rank = [](const Entry& entry) {
        return std::pair{entry.mark.fingerprint.size, !entry.mark.finished};
    };
    auto best = entries_.end();
    const auto [begin, end] = entries_.equal_range(file.identity.inode);
    for (auto at = begin; at != end; ++at) {
        if (!is_of(at->second.mark, file, head)) continue;
        if (best == entries_.end() || rank(at->second) >= rank(best->second)) best = at;
    }
    return take(best);
}

std::optional<FileMarks::Known> FileMarks::take_original(const FoundFile& file, std::string_view head,
                                                         std::uint32_t length) {
    return take(std::ranges::find_if(
        entries_, [&](const auto& entry) { return is_original(entry.second.mark, file, head, length); }));
}

std::optional<FileMarks::Known> FileMarks::take_copied(const FoundFile& file, int fd) {
    return take(std::ranges::find_if(entries_, [&](const auto& entry) {
        const std::optional<Trace>& trace = entry.second.trace;
        if (!trace || file.size < trace->end || !may_be_copy(file.path, entry.second.mark.path)) return false;
        const base::Result<bool> copied = holds(fd, *trace);
        return copied && *copied;
    }));
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
        entry.trace.reset();
        // Those of an earlier run stay unfinished: their disk may only be away.
        if (!entry.of_earlier_run && entry.unsettled == nullptr) {
            entry.mark.finished = true;
            update(entry.mark);
        }
        all.push_back({.mark = entry.mark, .unread = entry.unread, .of_earlier_run = entry.of_earlier_run});
    }
    return all;
}

}  // namespace aep::source
