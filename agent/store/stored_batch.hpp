#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "record/batch.hpp"
#include "record/ledger.hpp"
#include "record/origin.hpp"

/// A batch as a value of the buffer's table, complete: it is sent, and its refused messages are
/// dead-lettered, without anything of the process that made it. Value:
///
///     u32 size of the head | head: sealed, format 1 | body: as it is sent, or one zstd frame of it
///
/// The head names the body's size and checksum, the stream, the origins, and per message its place in the
/// body, its origin, its position and how its record is counted (record::Kept). It comes first and has a seal
/// of its own, so that what waits is counted at a start without reading the bodies.
namespace aep::store {

struct StoredMessage {
    std::uint32_t begin = 0;  ///< in the body
    std::uint32_t size = 0;
    std::uint32_t origin = 0;  ///< index into BatchHead::origins
    record::Kept kept;
};

struct BatchHead {
    record::StreamInfo stream;  ///< less its destination, which the key names
    base::WallTime oldest_read = {};
    std::vector<record::OriginPtr> origins;
    std::vector<StoredMessage> messages;

    bool compressed = false;
    std::uint64_t body_size = 0;    ///< uncompressed
    std::uint64_t stored_size = 0;  ///< in the value
    std::uint64_t checksum = 0;     ///< XXH3-64 of the stored bytes

    /// Records of one origin that are counted by messages of this batch.
    [[nodiscard]] std::uint64_t records_of(std::uint32_t origin) const;
};

/// What a batch will be as a value. Views the batch unless it is compressed.
class EncodedBatch {
  public:
    /// `kept`: one per message, from Batch::keep_all(). The batch outlives it.
    EncodedBatch(const record::Batch& batch, std::span<const record::Kept> kept, bool compress);

    [[nodiscard]] std::size_t size() const { return head_bytes_.size() + body_.size(); }
    void write_to(char* value) const;
    [[nodiscard]] const BatchHead& head() const { return head_; }

  private:
    BatchHead head_;
    std::string head_bytes_;
    std::string compressed_;
    std::string_view body_;
};

/// Larger than what any such batch will be.
[[nodiscard]] std::size_t most_bytes(const record::Batch& batch);

/// Fails where it is damaged or of a newer format.
[[nodiscard]] base::Result<BatchHead> decode_head(std::string_view value);
/// Copies the body out to `body` (head.body_size bytes). Fails where it is damaged.
[[nodiscard]] base::Result<void> decode_body(std::string_view value, const BatchHead& head, char* body);

/// Key: destination, NUL, u64 number (big-endian, so that the oldest comes first).
[[nodiscard]] std::string batch_key(std::string_view destination, std::uint64_t number);
struct BatchKey {
    std::string destination;
    std::uint64_t number = 0;
};
[[nodiscard]] BatchKey parse_batch_key(std::string_view key);

}  // namespace aep::store
