#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "record/buffer.hpp"
#include "record/ledger.hpp"
#include "record/memory_budget.hpp"

namespace aep::record {

/// What delivery must know of a stream. Immutable, shared by its batches.
struct StreamInfo {
    std::string id;
    std::string destination;
    std::uint32_t entity_begin = 0;  ///< bytes of a message before its entity (0 for format raw)
    std::uint32_t entity_end = 0;    ///< bytes of a message behind its entity
    std::string flow_id;             ///< format raw: goes into x-adobe-flow-id; else empty
    bool ordered = false;            ///< order: source
};

/// One message in a batch, and the record that it was made from.
struct Message {
    std::uint32_t begin = 0;   ///< in Batch::body()
    std::uint32_t size = 0;    ///< without the comma
    std::uint32_t ticket = 0;  ///< index into Batch::tickets
    std::uint32_t record = 0;  ///< index into that ticket's Block
};

/// The messages of one request: `{"messages":[m,m,...]}`, its body in one contiguous buffer. Confined: one
/// worker fills it, then delivery owns it.
class Batch {
  public:
    static constexpr std::string_view kOpen = "{\"messages\":[";
    static constexpr std::string_view kClose = "]}";

    /// The buffer's sizes in bytes: what it begins with, and what it grows to before it takes more only for a
    /// message that needs it.
    struct Capacity {
        std::size_t first = std::size_t{64} << 10U;
        std::size_t usual_most = std::size_t{1} << 20U;
    };

    Batch(std::shared_ptr<const StreamInfo> stream_info, Lease paid, const Capacity& capacity);
    Batch(std::shared_ptr<const StreamInfo> stream_info, Lease paid)
        : Batch{std::move(stream_info), std::move(paid), Capacity{}} {}

    /// A sealed batch as it was stored; the caller fills all of body_bytes(). Its messages get their tickets
    /// later.
    [[nodiscard]] static std::unique_ptr<Batch> sealed(std::shared_ptr<const StreamInfo> stream_info,
                                                       Lease paid, std::size_t body_size,
                                                       std::vector<Message> stored_messages);
    [[nodiscard]] char* body_bytes() { return text_.data(); }

    /// Room for `size` more bytes of message text; the caller writes them there and then calls append().
    [[nodiscard]] char* reserve(std::size_t size);
    /// Makes the `size` bytes written at reserve()'s place the next message.
    void append(std::size_t size, std::uint32_t ticket_index, std::uint32_t record);
    /// The index of a Block's ticket in `tickets`, added where it is new (only the last one is looked at).
    [[nodiscard]] std::uint32_t ticket_index(const Ticket& ticket);
    /// Closes the text and gives back what the buffer has too much. No append() after it.
    void seal();

    /// Size of the request's body if it were sealed now.
    [[nodiscard]] std::size_t body_size() const { return size_ + (sealed_ ? 0 : kClose.size()); }
    [[nodiscard]] std::size_t capacity() const { return text_.capacity(); }
    [[nodiscard]] std::string_view body() const { return {text_.data(), size_}; }
    [[nodiscard]] std::string_view text_of(const Message& message) const {
        return body().substr(message.begin, message.size);
    }
    [[nodiscard]] std::string_view entity_of(const Message& message) const {
        return body().substr(message.begin + stream->entity_begin,
                             message.size - stream->entity_begin - stream->entity_end);
    }
    /// A sealed batch of some messages of this one (ascending indices), for sending a part again.
    [[nodiscard]] std::unique_ptr<Batch> part(std::span<const std::uint32_t> indices) const;

    /// Every message met `outcome`: tells the Ledgers, one call per run of records.
    void settle_all(Outcome outcome) const;
    void settle(const Message& message, Outcome outcome) const;
    /// Every message will be durable in a disk buffer (Ledger::keep): one Kept per message, in order.
    void keep_all(std::vector<Kept>& kept) const;
    /// Where the message's record begins in its reader. Before it is settled.
    [[nodiscard]] std::uint64_t position_of(const Message& message) const;

    std::shared_ptr<const StreamInfo> stream;
    std::vector<Message> messages;
    std::vector<Ticket> tickets;
    std::uint64_t lane = 0;             ///< ordered streams: batches of one lane are sent one after the other
    base::SteadyTime opened_at = {};    ///< when its first message was added
    base::SteadyTime oldest_read = {};  ///< when the oldest of its records was read
    Lease lease;

  private:
    void set_capacity(std::size_t capacity);
    void put(std::string_view text);
    void pay();
    template <class Use>
    void for_each_run(const Use& use) const;

    Buffer text_;
    std::size_t size_ = 0;
    std::size_t usual_most_;
    bool sealed_ = false;
};

using BatchPtr = std::unique_ptr<Batch>;

/// Takes sealed batches for one destination. Never waits. Free-threaded.
class BatchSink {
  public:
    virtual ~BatchSink() = default;
    virtual void submit(BatchPtr batch) = 0;
    /// How large a request's body may be that holds several messages; it can change. Asked once per batch.
    [[nodiscard]] virtual std::size_t body_bound() const { return std::numeric_limits<std::size_t>::max(); }
};

}  // namespace aep::record
