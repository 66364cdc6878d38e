#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "record/buffer.hpp"
#include "record/ledger.hpp"
#include "record/memory_budget.hpp"
#include "record/origin.hpp"

namespace aep::record {

/// Bytes behind a Block's contents that may be read (never written by others): simdjson looks that far ahead.
inline constexpr std::size_t kBlockPadding = 64;

/// How much of a record above `max_record` is kept for its dead letter.
inline constexpr std::size_t kOversizedKept = 4096;

/// One record in a Block.
struct RecordSpan {
    std::uint64_t position = 0;  ///< where it begins, in bytes from the reader's start
    std::uint32_t begin = 0;     ///< where its bytes begin in the Block
    std::uint32_t size = 0;      ///< without its delimiter
    std::uint64_t oversized =
        0;  ///< 0, or the true size of a record above max_record: the Block holds its first 4 KiB
};

/// What crosses from a source to a worker: one contiguous, padded buffer with many whole records of one
/// reader. Confined: filled by the source, then owned by the queue, then by one worker.
class Block {
  public:
    /// An empty Block that can hold `capacity` bytes plus padding. `lease` pays for it and for the messages
    /// that its records will become.
    Block(OriginPtr origin, std::size_t capacity, Lease lease);

    [[nodiscard]] char* data() { return bytes_.data(); }
    /// Without the padding.
    [[nodiscard]] std::size_t capacity() const { return bytes_.capacity() - kBlockPadding; }
    [[nodiscard]] std::string_view bytes_of(const RecordSpan& span) const {
        return {bytes_.data() + span.begin, span.size};
    }

    /// Who sent record `index` over a socket; empty: it came another way.
    [[nodiscard]] std::string_view peer_of(std::uint32_t index) const {
        if (!peer_indices.empty()) return peers[peer_indices[index]];
        return origin->is_peer ? std::string_view{origin->name} : std::string_view{};
    }

    OriginPtr origin;
    std::vector<RecordSpan> records;
    std::uint32_t first = 0;  ///< those before it have been worked off already
    /// Of datagrams, whose senders share one reader: each sender once, and by record its index. Else empty.
    std::vector<std::string> peers;
    std::vector<std::uint16_t> peer_indices;
    std::size_t size = 0;             ///< bytes in use, set by the source
    std::uint64_t end_position = 0;   ///< where the reader goes on after this Block
    base::SteadyTime read_at = {};    ///< when its bytes were read
    base::WallTime received_at = {};  ///< the same on the wall clock
    Ticket ticket;                    ///< of these records in the reader's Ledger
    Lease lease;

  private:
    Buffer bytes_;
};

using BlockPtr = std::unique_ptr<Block>;

/// Takes Blocks from sources; the pipeline's queue. Never waits: sources wait for memory before they read.
/// Free-threaded.
class BlockSink {
  public:
    virtual ~BlockSink() = default;
    virtual void push(BlockPtr block) = 0;
};

}  // namespace aep::record
