#include "record/batch.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace aep::record {
Batch::Batch(std::shared_ptr<const StreamInfo> stream_info, Lease paid, const Capacity& capacity)
    : stream{std::move(stream_info)}, lease{std::move(paid)}, usual_most_{capacity.usual_most} {
    set_capacity(capacity.first);
    put(kOpen);
}

std::unique_ptr<Batch> Batch::sealed(std::shared_ptr<const StreamInfo> stream_info, Lease paid,
                                     std::size_t body_size, std::vector<Message> stored_messages) {
    const Capacity capacity{.first = std::max(body_size, kOpen.size()), .usual_most = 0};
    auto batch = std::make_unique<Batch>(std::move(stream_info), std::move(paid), capacity);
    batch->messages = std::move(stored_messages);
    batch->size_ = body_size;
    batch->sealed_ = true;
    batch->pay();
    return batch;
}

void Batch::set_capacity(std::size_t capacity) {
    Buffer moved{capacity};
    if (text_.capacity() > 0) std::memcpy(moved.data(), text_.data(), size_);
    text_ = std::move(moved);
    pay();
}

void Batch::pay() {
    // A message also has its mark in its Ledger until it is settled.
    constexpr std::size_t kMark = 16;
    lease.resize(text_.capacity() + messages.capacity() * (sizeof(Message) + kMark));
}

void Batch::put(std::string_view text) {
    std::memcpy(text_.data() + size_, text.data(), text.size());
    size_ += text.size();
}

char* Batch::reserve(std::size_t size) {
    assert(!sealed_);
    const std::size_t needed = size_ + 1 + size + kClose.size();
    if (needed > text_.capacity())
        set_capacity(std::max(needed, std::min(text_.capacity() * 2, usual_most_)));
    const std::size_t comma = messages.empty() ? 0 : 1;
    return text_.data() + size_ + comma;
}

void Batch::append(std::size_t size, std::uint32_t ticket_index, std::uint32_t record) {
    if (!messages.empty()) put(",");
    messages.push_back(Message{.begin = static_cast<std::uint32_t>(size_),
                               .size = static_cast<std::uint32_t>(size),
                               .ticket = ticket_index,
                               .record = record});
    size_ += size;
}

std::uint32_t Batch::ticket_index(const Ticket& ticket) {
    if (tickets.empty() || tickets.back() != ticket) tickets.push_back(ticket);
    return static_cast<std::uint32_t>(tickets.size() - 1);
}

void Batch::seal() {
    put(kClose);
    sealed_ = true;
    if (size_ < text_.capacity() / 2) set_capacity(size_);
    messages.shrink_to_fit();
    pay();
}

std::unique_ptr<Batch> Batch::part(std::span<const std::uint32_t> indices) const {
    auto smaller = std::make_unique<Batch>(stream, lease.reopen());
    smaller->lane = lane;
    smaller->opened_at = opened_at;
    smaller->oldest_read = oldest_read;
    for (const std::uint32_t index : indices) {
        const Message& message = messages[index];
        const std::string_view text = text_of(message);
        std::memcpy(smaller->reserve(text.size()), text.data(), text.size());
        smaller->append(text.size(), smaller->ticket_index(tickets[message.ticket]), message.record);
    }
    smaller->seal();
    return smaller;
}

/// Calls use(ticket, first record, count) per run of records of one ticket.
template <class Use>
void Batch::for_each_run(const Use& use) const {
    for (std::size_t i = 0; i < messages.size();) {
        const Message& first = messages[i];
        std::uint32_t count = 1;
        while (i + count < messages.size() && messages[i + count].ticket == first.ticket &&
               messages[i + count].record == first.record + count) {
            ++count;
        }
        use(tickets[first.ticket], first.record, count);
        i += count;
    }
}

void Batch::settle_all(Outcome outcome) const {
    for_each_run([outcome](const Ticket& ticket, std::uint32_t first, std::uint32_t count) {
        ticket.settle(first, count, outcome);
    });
}

void Batch::keep_all(std::vector<Kept>& kept) const {
    kept.reserve(kept.size() + messages.size());
    for_each_run([&kept](const Ticket& ticket, std::uint32_t first, std::uint32_t count) {
        ticket.ledger->keep(ticket.block, first, count, kept);
    });
}

void Batch::settle(const Message& message, Outcome outcome) const {
    tickets[message.ticket].settle(message.record, 1, outcome);
}

std::uint64_t Batch::position_of(const Message& message) const {
    const Ticket& ticket = tickets[message.ticket];
    return ticket.ledger->start_of(ticket.block, message.record);
}

}  // namespace aep::record
