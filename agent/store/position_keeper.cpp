#include "store/position_keeper.hpp"

#include <algorithm>
#include <utility>

#include "store/position_table.hpp"
#include "telemetry/log.hpp"

namespace aep::store {
namespace {

namespace log = telemetry::log;
using record::FileMark;

/// The wall clock was set meanwhile: what it says of ages is not to be trusted yet.
constexpr std::chrono::minutes kClockJump{5};
constexpr const char* kSubject = "positions of new files";

/// The one that ends later, but not behind the position.
const record::Tail& later(const record::Tail& one, const record::Tail& other, std::uint64_t position) {
    return other.end > one.end && other.end <= position ? other : one;
}

}  // namespace

std::vector<FileMark> PositionKeeper::recall(const std::string& source) {
    std::vector<FileMark> marks;
    const auto transaction = environment_.begin_read();
    auto found = transaction ? all_marks(*transaction, source)
                             : base::Result<std::vector<FoundMark>>{transaction.error()};
    if (!found) {
        log::error("positions_unreadable", "the files of a source are read from their beginnings",
                   {{"source", source}, {"reason", found.error().message}});
        return marks;
    }
    for (FoundMark& one : *found) {
        if (one.damaged) {
            report_damaged(source, one.mark.generation, one.mark.path);
            forget(source, one.mark.generation);
        } else {
            marks.push_back(std::move(one.mark));
        }
    }
    return marks;
}

void PositionKeeper::report_damaged(const std::string& source, const std::string& generation,
                                    const std::string& path) {
    log::error("position_damaged", "a position in the store is damaged: its file is read from its beginning",
               {{"source", source}, {"file", path.empty() ? "unknown" : path}, {"generation", generation}});
}

bool PositionKeeper::scanned_before(const std::string& source) {
    const auto transaction = environment_.begin_read();
    if (!transaction) return true;  // as recall(): better twice than not at all
    const auto scanned = get_scanned(*transaction, source);
    return !scanned || *scanned;
}

base::Result<void> PositionKeeper::mark_scanned(const std::string& source) {
    if (scanned_before(source)) return {};
    auto transaction = environment_.begin_write();
    if (!transaction) return transaction.error();
    if (auto put = put_scanned(*transaction, source); !put) return put;
    return transaction->commit();
}

/// Files that cannot be remembered are not read: that is for readiness to say.
base::Result<void> PositionKeeper::remember(std::span<const FileMark> marks) {
    auto remembered = try_to_remember(marks);
    if (remembered) {
        health_.clear_trouble(kSubject);
    } else {
        health_.set_trouble(kSubject, short_reason(remembered.error()));
    }
    return remembered;
}

base::Result<void> PositionKeeper::try_to_remember(std::span<const FileMark> marks) {
    auto transaction = environment_.begin_write();
    if (!transaction) return transaction.error();
    for (FileMark mark : marks) {
        // A mark that is there already keeps its position, which moves with the commits only: what is passed
        // on here may be ahead of a batch that is not on disk yet.
        const auto known = get_mark(*transaction, position_key(mark.source, mark.generation));
        if (!known) return known.error();
        if (*known && !(*known)->damaged) {
            mark.position = (*known)->mark.position;
            mark.tail = later((*known)->mark.tail, mark.tail, mark.position);
        }
        if (auto put = put_mark(*transaction, mark); !put) return put;
    }
    return transaction->commit();
}

void PositionKeeper::update(const FileMark& mark) {
    change(position_key(mark.source, mark.generation), Change{.mark = mark});
}

void PositionKeeper::move_to(const record::Origin& origin, std::uint64_t position, const record::Tail& tail) {
    if (!origin.is_file) return;  // nobody could go there again
    change(position_key(origin.source, origin.generation),
           Change{.mark = {}, .position = position, .tail = tail});
}

void PositionKeeper::forget(const std::string& source, const std::string& generation) {
    change(position_key(source, generation), Change{.mark = {}, .forgotten = true});
}

void PositionKeeper::change(std::string key, const Change& change) {
    {
        const std::lock_guard lock{mutex_};
        merge(waiting_[std::move(key)], change);
    }
    notice_();
}

void PositionKeeper::merge(Change& into, const Change& next) {
    if (next.mark) into.mark = next.mark;
    into.position = std::max(into.position, next.position);
    into.tail = later(into.tail, next.tail, into.position);
    into.forgotten = into.forgotten || next.forgotten;
}

base::Result<void> PositionKeeper::write(Transaction& transaction) {
    sweep_when_due();
    {
        const std::lock_guard lock{mutex_};
        for (const auto& [key, change] : waiting_) merge(writing_[key], change);
        waiting_.clear();
    }
    for (const auto& [key, change] : writing_) {
        if (auto applied = apply(transaction, key, change); !applied) return applied;
    }
    return {};
}

base::Result<void> PositionKeeper::apply(Transaction& transaction, const std::string& key,
                                         const Change& change) {
    if (change.forgotten) return transaction.remove(Table::Positions, key);
    auto found = get_mark(transaction, key);
    if (!found) return found.error();
    // Forgotten meanwhile, or damaged: there is nothing that it could be a position in.
    if (!*found || (*found)->damaged) return {};
    FileMark mark = change.mark ? *change.mark : (*found)->mark;
    mark.position = std::max((*found)->mark.position, change.position);
    const record::Tail of_mark = change.mark ? change.mark->tail : record::Tail{};
    mark.tail = later(later((*found)->mark.tail, change.tail, mark.position), of_mark, mark.position);
    return put_mark(transaction, mark);
}

void PositionKeeper::committed() {
    writing_.clear();
}

void PositionKeeper::sweep_when_due() {
    const base::SteadyTime now = base::SteadyClock::now();
    if (now - last_sweep_ < kSweepEvery) return;
    const base::WallTime wall = base::WallClock::now();
    const auto jump = (wall - last_sweep_wall_) - (now - last_sweep_);
    last_sweep_ = now;
    last_sweep_wall_ = wall;
    // By the next time the sources will have said which files are there by the new clock.
    if (jump > kClockJump || jump < -kClockJump) return;
    sweep(wall);
}

void PositionKeeper::sweep(base::WallTime now) {
    const auto transaction = environment_.begin_read();
    if (!transaction) return;
    const auto marks = all_marks(*transaction);
    if (!marks) return;
    for (const FoundMark& one : *marks) {
        if (one.damaged || !is_stale(one.mark, now)) continue;
        if (!one.mark.finished) {
            log::warn(
                "position_dropped",
                "a file was gone for 30 days before it was read to its end: its position is forgotten",
                {{"file", one.mark.path}, {"source", one.mark.source}, {"position", one.mark.position}});
        }
        forget(one.mark.source, one.mark.generation);
    }
}

}  // namespace aep::store
