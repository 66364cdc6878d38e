#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "record/counters.hpp"
#include "record/origin.hpp"
#include "record/tail.hpp"

namespace aep::record {

/// What became of a record, mildest first. A record that became several messages counts once, by the worst.
enum class Outcome : std::uint8_t { Delivered, Dropped, DeadLettered };

/// The fate of records, on its way back to the source: everything before `position` is settled.
struct Ack {
    OriginPtr origin;
    std::uint64_t position = 0;         ///< in bytes from the reader's start
    std::uint64_t records = 0;          ///< how many records this Ack settled
    base::SteadyTime oldest_read = {};  ///< when the oldest of them was read
    Tail tail = {};                     ///< of the last record before the position, where one is known
};

/// A message that is durable in a disk buffer: what another Ledger must know to settle its record, possibly
/// in another process. Of a record that became several messages the last one to be kept counts it, as it was
/// the worst by then.
struct Kept {
    std::uint64_t start = 0;  ///< where its record begins in its reader
    bool counts = false;      ///< its record is counted when it is settled
    Outcome worst = Outcome::Delivered;
};

/// What a Ledger leaves behind that was abandoned.
struct Abandoned {
    std::uint64_t position = 0;
    std::uint64_t unsettled = 0;         ///< records
    std::vector<std::uint64_t> settled;  ///< where the settled records behind the position begin, ascending
};

/// Keeps, for one reader, which of its records are settled, and from that the position that is safe to
/// restart from: the end of the longest settled prefix. Records are registered in reading order and settled
/// in any order, from any thread; the position never passes an unsettled record.
///
/// Guarded by its own mutex, taken once per Block and once per run of messages, never per record. The
/// `on_ack` function is called outside the mutex on the settling thread whenever records were settled or the
/// position moved. Two threads may call it in another order than their Acks were made: a consumer keeps the
/// largest position.
class Ledger {
  public:
    using OnAck = std::function<void(const Ack&)>;

    /// `counters` must outlive the ledger. `start`: the position that the reader begins at.
    Ledger(OriginPtr origin, RecordCounters& counters, std::uint64_t start, OnAck on_ack = {});
    ~Ledger();
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

    /// Registers the records of the next Block: where each begins, and where the Block ends. Of a file also
    /// what each is known again by (one Tail per record, or none at all). Returns the Block's number, by
    /// which its records are settled. Reader's side only.
    std::uint64_t open_block(const std::vector<std::uint64_t>& starts, std::uint64_t end,
                             std::span<const Tail> tails = {});

    /// The reader passed bytes that are no record (blank lines at the end of a Block). Reader's side only.
    void skip_to(std::uint64_t end);

    /// Record `index` of the Block became `messages` messages (1 or more); each must be settled. Called
    /// before the first of them is.
    void expect(std::uint64_t block, std::uint32_t index, std::uint16_t messages);

    /// One message each of the records [first, first + count) of the Block met `outcome`.
    void settle(std::uint64_t block, std::uint32_t first, std::uint32_t count, Outcome outcome);

    /// One message each of these records will be durable elsewhere, in the same transaction as any position
    /// that this moves: for the position it is settled. It is not counted; that is done by the Ledger that
    /// reopens it. Appends one Kept per message.
    void keep(std::uint64_t block, std::uint32_t first, std::uint32_t count, std::vector<Kept>& kept);

    /// The other end of keep(): a Block with one record per kept message, in this order. They count as
    /// settled, by their worst outcome, but not as read.
    std::uint64_t reopen_block(std::span<const Kept> kept);

    /// Nobody has the unsettled records any more, or will settle them: whoever reads on from the position
    /// does so with a new Ledger. What is settled here all the same changes nothing.
    Abandoned abandon();

    [[nodiscard]] const OriginPtr& origin() const { return origin_; }
    [[nodiscard]] std::uint64_t position() const;
    [[nodiscard]] std::uint64_t in_flight() const;
    /// When the oldest unsettled record was read.
    [[nodiscard]] std::optional<base::SteadyTime> oldest_unsettled() const;
    /// Where record `index` of a Block begins that is not wholly settled yet.
    [[nodiscard]] std::uint64_t start_of(std::uint64_t block, std::uint32_t index) const;

  private:
    struct Mark {
        std::uint64_t start;
        std::uint64_t tail_hash = 0;
        std::uint32_t size = 0;     ///< of the record; 0: it has no Tail
        std::uint16_t pending = 1;  ///< messages not settled yet
        Outcome worst = Outcome::Delivered;
        bool counts = true;  ///< by this Ledger, when it is settled
    };
    struct Entry {
        std::vector<Mark> marks;
        std::uint64_t end = 0;
        std::uint32_t settled_prefix = 0;
        base::SteadyTime read_at;
    };

    [[nodiscard]] Entry& entry(std::uint64_t block);
    void advance();
    void pass(const Mark& mark);
    /// What changed since the position was `before`; under the mutex.
    [[nodiscard]] std::optional<Ack> ack_since(std::uint64_t before, std::uint64_t records,
                                               base::SteadyTime oldest_read) const;

    const OriginPtr origin_;
    RecordCounters& counters_;
    const OnAck on_ack_;

    mutable std::mutex mutex_;
    std::vector<Entry> entries_;  ///< oldest first; a vector, because an empty deque takes 576 bytes
    std::uint64_t first_block_ = 0;
    std::uint64_t position_;
    Tail tail_;  ///< of the last record before the position
    std::uint64_t in_flight_ = 0;
    bool abandoned_ = false;
};

/// A Block's records in the Ledger of their reader. Shared by everything that holds messages of the Block:
/// the Ledger lives until the last message is settled, also when the reader is gone.
struct Ticket {
    std::shared_ptr<Ledger> ledger;
    std::uint64_t block = 0;

    void settle(std::uint32_t first, std::uint32_t count, Outcome outcome) const {
        ledger->settle(block, first, count, outcome);
    }
    friend bool operator==(const Ticket&, const Ticket&) = default;
};

}  // namespace aep::record
