#include "store/stored_batch.hpp"

#include <fmt/format.h>
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "store/sealed.hpp"

namespace aep::store {
namespace {

constexpr std::uint32_t kBatchFormat = 1;
constexpr std::size_t kHeadSizeBytes = 4;
/// Fast, and records of one kind shrink to a sixth already.
constexpr int kZstdLevel = 1;
constexpr std::size_t kMessageBytes = 4 + 4 + 4 + 8 + 1;

constexpr unsigned kIsFile = 1;
constexpr unsigned kIsPeer = 2;
constexpr unsigned kCounts = 0x80;

/// The head of a batch without its body.
BatchHead head_of(const record::Batch& batch, std::span<const record::Kept> kept) {
    BatchHead head;
    head.stream = *batch.stream;
    head.oldest_read = base::WallClock::now() - std::chrono::duration_cast<base::WallClock::duration>(
                                                    base::SteadyClock::now() - batch.oldest_read);
    std::vector<std::uint32_t> origin_of_ticket;
    for (const record::Ticket& ticket : batch.tickets) {
        const record::OriginPtr& origin = ticket.ledger->origin();
        const auto known = std::ranges::find(head.origins, origin);
        origin_of_ticket.push_back(static_cast<std::uint32_t>(known - head.origins.begin()));
        if (known == head.origins.end()) head.origins.push_back(origin);
    }
    head.messages.reserve(batch.messages.size());
    for (std::size_t i = 0; i < batch.messages.size(); ++i) {
        const record::Message& message = batch.messages[i];
        head.messages.push_back({.begin = message.begin,
                                 .size = message.size,
                                 .origin = origin_of_ticket[message.ticket],
                                 .kept = kept[i]});
    }
    return head;
}

void write_origin(FieldWriter& fields, const record::Origin& origin) {
    fields.text(origin.source);
    fields.text(origin.stream);
    fields.text(origin.name);
    fields.text(origin.generation);
    fields.u8(static_cast<std::uint8_t>((origin.is_file ? kIsFile : 0U) | (origin.is_peer ? kIsPeer : 0U)));
}

std::string encode_head(const BatchHead& head) {
    FieldWriter fields;
    fields.u8(head.compressed ? 1 : 0);
    fields.u64(head.body_size);
    fields.u64(head.stored_size);
    fields.u64(head.checksum);
    fields.text(head.stream.id);
    fields.u32(head.stream.entity_begin);
    fields.u32(head.stream.entity_end);
    fields.text(head.stream.flow_id);
    fields.u8(head.stream.ordered ? 1 : 0);
    fields.time(head.oldest_read);
    fields.u32(static_cast<std::uint32_t>(head.origins.size()));
    for (const record::OriginPtr& origin : head.origins) write_origin(fields, *origin);
    fields.u32(static_cast<std::uint32_t>(head.messages.size()));
    for (const StoredMessage& message : head.messages) {
        fields.u32(message.begin);
        fields.u32(message.size);
        fields.u32(message.origin);
        fields.u64(message.kept.start);
        fields.u8(static_cast<std::uint8_t>((message.kept.counts ? kCounts : 0U) |
                                            static_cast<std::uint8_t>(message.kept.worst)));
    }
    return seal(kBatchFormat, fields.bytes());
}

record::OriginPtr read_origin(FieldReader& fields) {
    auto origin = std::make_shared<record::Origin>();
    origin->source = fields.text();
    origin->stream = fields.text();
    origin->name = fields.text();
    origin->generation = fields.text();
    const unsigned kind = fields.u8();
    origin->is_file = (kind & kIsFile) != 0;
    origin->is_peer = (kind & kIsPeer) != 0;
    return origin;
}

/// Whether every number in it can be used as it is.
bool is_sound(const BatchHead& head) {
    return std::ranges::all_of(head.messages, [&](const StoredMessage& message) {
        return message.origin < head.origins.size() &&
               std::uint64_t{message.begin} + message.size <= head.body_size &&
               head.stream.entity_begin + head.stream.entity_end <= message.size &&
               message.kept.worst <= record::Outcome::DeadLettered;
    });
}

bool decode_format_1(std::string_view payload, BatchHead& head) {
    FieldReader fields{payload};
    head.compressed = fields.u8() != 0;
    head.body_size = fields.u64();
    head.stored_size = fields.u64();
    head.checksum = fields.u64();
    head.stream.id = fields.text();
    head.stream.entity_begin = fields.u32();
    head.stream.entity_end = fields.u32();
    head.stream.flow_id = fields.text();
    head.stream.ordered = fields.u8() != 0;
    head.oldest_read = fields.time();
    for (std::uint32_t left = fields.u32(); left > 0 && fields.ok(); --left) {
        head.origins.push_back(read_origin(fields));
    }
    const std::uint32_t messages = fields.u32();
    if (!fields.ok() || messages > payload.size() / kMessageBytes) return false;
    head.messages.resize(messages);
    for (StoredMessage& message : head.messages) {
        message.begin = fields.u32();
        message.size = fields.u32();
        message.origin = fields.u32();
        message.kept.start = fields.u64();
        const unsigned count = fields.u8();
        message.kept.counts = (count & kCounts) != 0;
        message.kept.worst = static_cast<record::Outcome>(count & ~kCounts);
    }
    return fields.ok() && is_sound(head);
}

/// Size of the head with its size; nothing where the value is too short for it.
std::optional<std::size_t> head_bytes(std::string_view value) {
    if (value.size() < kHeadSizeBytes) return std::nullopt;
    const std::size_t size = kHeadSizeBytes + FieldReader{value}.u32();
    if (size > value.size()) return std::nullopt;
    return size;
}

}  // namespace

std::uint64_t BatchHead::records_of(std::uint32_t origin) const {
    return static_cast<std::uint64_t>(std::ranges::count_if(messages, [origin](const StoredMessage& message) {
        return message.origin == origin && message.kept.counts;
    }));
}

EncodedBatch::EncodedBatch(const record::Batch& batch, std::span<const record::Kept> kept, bool compress)
    : head_{head_of(batch, kept)}, body_{batch.body()} {
    head_.body_size = body_.size();
    if (compress) {
        compressed_.resize(ZSTD_compressBound(body_.size()));
        const std::size_t size =
            ZSTD_compress(compressed_.data(), compressed_.size(), body_.data(), body_.size(), kZstdLevel);
        // What does not get smaller is kept as it is.
        head_.compressed = ZSTD_isError(size) == 0 && size < body_.size();
        compressed_.resize(head_.compressed ? size : 0);
        compressed_.shrink_to_fit();
        if (head_.compressed) body_ = compressed_;
    }
    head_.stored_size = body_.size();
    head_.checksum = XXH3_64bits(body_.data(), body_.size());
    const std::string head = encode_head(head_);
    FieldWriter size;
    size.u32(static_cast<std::uint32_t>(head.size()));
    head_bytes_ = size.bytes() + head;
}

void EncodedBatch::write_to(char* value) const {
    std::memcpy(value, head_bytes_.data(), head_bytes_.size());
    std::memcpy(value + head_bytes_.size(), body_.data(), body_.size());
}

std::size_t most_bytes(const record::Batch& batch) {
    constexpr std::size_t kRest = 1024;  // numbers, sizes and ids
    std::size_t bytes = batch.body().size() + batch.messages.size() * kMessageBytes + kRest;
    for (const record::Ticket& ticket : batch.tickets) {
        const record::Origin& origin = *ticket.ledger->origin();
        bytes += kRest / 16 + origin.source.size() + origin.stream.size() + origin.name.size() +
                 origin.generation.size();
    }
    return bytes;
}

base::Result<BatchHead> decode_head(std::string_view value) {
    const auto bytes = head_bytes(value);
    if (!bytes) return base::Error{"its head is cut short"};
    const auto head = unseal(value.substr(kHeadSizeBytes, *bytes - kHeadSizeBytes));
    if (!head || !head->intact) return base::Error{"the checksum of its head is wrong"};
    if (head->format != kBatchFormat) {
        return base::Error{
            fmt::format("it has format {}, and this version reads {}", head->format, kBatchFormat)};
    }
    BatchHead decoded;
    if (!decode_format_1(head->payload, decoded)) return base::Error{"its head makes no sense"};
    return base::ok(std::move(decoded));
}

base::Result<void> decode_body(std::string_view value, const BatchHead& head, char* body) {
    const std::string_view stored = value.substr(head_bytes(value).value_or(value.size()));
    if (stored.size() != head.stored_size) return base::Error{"its body is cut short"};
    if (XXH3_64bits(stored.data(), stored.size()) != head.checksum) {
        return base::Error{"the checksum of its body is wrong"};
    }
    if (!head.compressed) {
        if (head.stored_size != head.body_size) return base::Error{"its sizes make no sense"};
        std::memcpy(body, stored.data(), stored.size());
        return {};
    }
    const std::size_t size = ZSTD_decompress(body, head.body_size, stored.data(), stored.size());
    if (ZSTD_isError(size) != 0 || size != head.body_size) return base::Error{"it cannot be decompressed"};
    return {};
}

std::string batch_key(std::string_view destination, std::uint64_t number) {
    std::string key{destination};
    key += '\0';
    for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>((number >> shift) & 0xFFU);
    return key;
}

BatchKey parse_batch_key(std::string_view key) {
    BatchKey parsed;
    const std::size_t end = std::min(key.find('\0'), key.size());
    parsed.destination = key.substr(0, end);
    for (const char c : key.substr(std::min(end + 1, key.size()))) {
        parsed.number = (parsed.number << 8U) | static_cast<unsigned char>(c);
    }
    return parsed;
}

}  // namespace aep::store
