#include "record/ledger.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace aep::record {

Ledger::Ledger(OriginPtr origin, RecordCounters& counters, std::uint64_t start, OnAck on_ack)
    : origin_{std::move(origin)}, counters_{counters}, on_ack_{std::move(on_ack)}, position_{start} {}

Ledger::~Ledger() = default;

std::uint64_t Ledger::open_block(const std::vector<std::uint64_t>& starts, std::uint64_t end,
                                 std::span<const Tail> tails) {
    // Nobody will settle a Block without records, so it must not be waited for.
    if (starts.empty()) skip_to(end);

    Entry opened;
    opened.marks.reserve(starts.size());
    for (const std::uint64_t start : starts) opened.marks.push_back(Mark{.start = start});
    assert(tails.empty() || tails.size() == starts.size());
    for (std::size_t i = 0; i < tails.size(); ++i) {
        if (tails[i].end == 0) continue;
        opened.marks[i].tail_hash = tails[i].hash;
        opened.marks[i].size = static_cast<std::uint32_t>(tails[i].end - starts[i]);
    }
    opened.end = end;
    opened.read_at = base::SteadyClock::now();

    const std::lock_guard lock{mutex_};
    const std::uint64_t block = first_block_ + entries_.size();
    if (opened.marks.empty()) return block;
    in_flight_ += opened.marks.size();
    counters_.count_read(opened.marks.size());
    entries_.push_back(std::move(opened));
    return block;
}

void Ledger::skip_to(std::uint64_t end) {
    std::optional<Ack> ack;
    {
        const std::lock_guard lock{mutex_};
        if (entries_.empty()) {
            position_ = end;
            ack = Ack{.origin = origin_, .position = end, .tail = tail_};
        } else {
            entries_.back().end = end;
        }
    }
    if (ack && on_ack_) on_ack_(*ack);
}

void Ledger::expect(std::uint64_t block, std::uint32_t index, std::uint16_t messages) {
    assert(messages > 0);
    const std::lock_guard lock{mutex_};
    entry(block).marks[index].pending = messages;
}

void Ledger::settle(std::uint64_t block, std::uint32_t first, std::uint32_t count, Outcome outcome) {
    std::array<std::uint64_t, 3> settled{};
    std::uint64_t total = 0;
    std::optional<Ack> ack;
    {
        const std::lock_guard lock{mutex_};
        if (abandoned_) return;
        Entry& settling = entry(block);
        for (std::uint32_t i = first; i < first + count; ++i) {
            Mark& mark = settling.marks[i];
            assert(mark.pending > 0);
            mark.worst = std::max(mark.worst, outcome);
            if (--mark.pending > 0) continue;
            ++total;
            if (mark.counts) ++settled[static_cast<std::size_t>(mark.worst)];
        }
        in_flight_ -= total;
        const std::uint64_t before = position_;
        const base::SteadyTime oldest_read = settling.read_at;
        advance();
        if (total > 0) {
            counters_.count_settled(settled[static_cast<std::size_t>(Outcome::Delivered)],
                                    settled[static_cast<std::size_t>(Outcome::DeadLettered)],
                                    settled[static_cast<std::size_t>(Outcome::Dropped)]);
        }
        ack = ack_since(before, total, oldest_read);
    }
    if (ack && on_ack_) on_ack_(*ack);
}

void Ledger::keep(std::uint64_t block, std::uint32_t first, std::uint32_t count, std::vector<Kept>& kept) {
    std::optional<Ack> ack;
    {
        const std::lock_guard lock{mutex_};
        if (abandoned_) {  // they are counted where they are read again
            kept.insert(kept.end(), count, Kept{});
            return;
        }
        Entry& keeping = entry(block);
        std::uint64_t total = 0;
        for (std::uint32_t i = first; i < first + count; ++i) {
            Mark& mark = keeping.marks[i];
            assert(mark.pending > 0);
            const bool last = --mark.pending == 0;
            if (last) ++total;
            kept.push_back({.start = mark.start, .counts = last && mark.counts, .worst = mark.worst});
        }
        in_flight_ -= total;
        const std::uint64_t before = position_;
        const base::SteadyTime oldest_read = keeping.read_at;
        advance();
        ack = ack_since(before, total, oldest_read);
    }
    if (ack && on_ack_) on_ack_(*ack);
}

Abandoned Ledger::abandon() {
    const std::lock_guard lock{mutex_};
    abandoned_ = true;
    Abandoned left{.position = position_, .unsettled = std::exchange(in_flight_, 0), .settled = {}};
    for (const Entry& one : entries_) {
        for (const Mark& mark : one.marks) {
            if (mark.pending == 0 && mark.start >= position_) left.settled.push_back(mark.start);
        }
    }
    return left;
}

std::uint64_t Ledger::reopen_block(std::span<const Kept> kept) {
    Entry opened;
    opened.marks.reserve(kept.size());
    for (const Kept& one : kept) {
        opened.marks.push_back(Mark{.start = one.start, .worst = one.worst, .counts = one.counts});
    }
    opened.read_at = base::SteadyClock::now();
    const std::lock_guard lock{mutex_};
    in_flight_ += kept.size();
    entries_.push_back(std::move(opened));
    return first_block_ + entries_.size() - 1;
}

std::optional<Ack> Ledger::ack_since(std::uint64_t before, std::uint64_t records,
                                     base::SteadyTime oldest_read) const {
    if (position_ == before && records == 0) return std::nullopt;
    return Ack{.origin = origin_,
               .position = position_,
               .records = records,
               .oldest_read = oldest_read,
               .tail = tail_};
}

std::uint64_t Ledger::position() const {
    const std::lock_guard lock{mutex_};
    return position_;
}

std::uint64_t Ledger::in_flight() const {
    const std::lock_guard lock{mutex_};
    return in_flight_;
}

std::optional<base::SteadyTime> Ledger::oldest_unsettled() const {
    const std::lock_guard lock{mutex_};
    if (entries_.empty()) return std::nullopt;
    return entries_.front().read_at;
}

std::uint64_t Ledger::start_of(std::uint64_t block, std::uint32_t index) const {
    const std::lock_guard lock{mutex_};
    return const_cast<Ledger*>(this)->entry(block).marks[index].start;
}

Ledger::Entry& Ledger::entry(std::uint64_t block) {
    assert(block >= first_block_ && block - first_block_ < entries_.size());
    return entries_[block - first_block_];
}

void Ledger::advance() {
    auto oldest = entries_.begin();
    for (; oldest != entries_.end(); ++oldest) {
        const auto size = static_cast<std::uint32_t>(oldest->marks.size());
        while (oldest->settled_prefix < size && oldest->marks[oldest->settled_prefix].pending == 0) {
            pass(oldest->marks[oldest->settled_prefix]);
            ++oldest->settled_prefix;
        }
        if (oldest->settled_prefix < size) {
            position_ = oldest->marks[oldest->settled_prefix].start;
            break;
        }
        position_ = oldest->end;
    }
    first_block_ += static_cast<std::uint64_t>(oldest - entries_.begin());
    entries_.erase(entries_.begin(), oldest);
}

void Ledger::pass(const Mark& mark) {
    if (mark.size == 0) return;
    tail_ = {.end = mark.start + mark.size,
             .hash = mark.tail_hash,
             .size = static_cast<std::uint32_t>(std::min<std::size_t>(mark.size, kTailBytes))};
}

}  // namespace aep::record
