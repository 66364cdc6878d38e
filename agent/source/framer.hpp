#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "record/block.hpp"
#include "source/json_scanner.hpp"
#include "source/newline_scanner.hpp"
#include "source/octet_scanner.hpp"
#include "source/options.hpp"

namespace aep::source {

/// Cuts the bytes of one reader into records. It has state, because a record may begin in one buffer and end
/// in a later one: however the bytes are split, the records are the same. The bytes of an incomplete record
/// are the reader's to keep (or to read again); the framer knows only how far it has looked.
///
/// Not records, passed over: a UTF-8 byte order mark at position 0; under Framing::Newline lines of nothing
/// but spaces, tabs and CR; under Framing::Json what JsonScanner says.
///
/// A record above `max_record` is skipped to its end without being held: it becomes one RecordSpan with the
/// record's first 4 KiB and its true size. Confined.
class Framer {
  public:
    /// More records than this do not go into one Block: each becomes a message with an envelope, so that a
    /// Block of two-byte records would take hundreds of times its own size.
    static constexpr std::size_t kMaxRecords = 4096;

    /// `position`: where the reader begins.
    Framer(Framing framing, std::size_t max_record, std::uint64_t position);

    /// The position at which the next buffer must begin.
    [[nodiscard]] std::uint64_t resume_at() const { return resume_at_; }
    /// The position up to which bytes have been looked at; never before resume_at().
    [[nodiscard]] std::uint64_t scanned() const { return scanned_; }
    /// Bytes of the incomplete record that the next buffer must begin with.
    [[nodiscard]] std::size_t partial() const { return static_cast<std::size_t>(scanned_ - resume_at_); }
    /// Every record before this position has been yielded. Differs from resume_at() inside of an oversized
    /// record.
    [[nodiscard]] std::uint64_t yielded_to() const { return skipping_ ? skipping_->from : resume_at_; }
    /// True where the reader's end here would leave a record that is not yielded yet.
    [[nodiscard]] bool unfinished() const { return skipping_ != nullptr || partial() > 0; }
    /// The last buffer was left early because of kMaxRecords: cut the rest before reading more.
    [[nodiscard]] bool more() const { return more_; }
    /// Octet counting: what should be a count is none, and nothing behind it can be understood. It begins
    /// at scanned().
    [[nodiscard]] bool broken() const;
    /// Whether an end of the input here makes a record of what is unfinished().
    [[nodiscard]] bool end_completes() const;
    /// Octet counting: a frame has begun and is not complete, though maybe none of its bytes are there yet.
    [[nodiscard]] bool within_frame() const;
    /// Room that cut() may need in the Block behind its bytes.
    [[nodiscard]] std::size_t tail_room() const { return skipping_ ? record::kOversizedKept : 0; }

    /// Cuts the Block's `size` bytes, which begin at resume_at() (at least partial() of them), into records;
    /// sets `records` and `end_position`. `last`: the reader ends behind these bytes, so what is left is a
    /// record.
    void cut(record::Block& block, bool last);

    /// Looks at `bytes`, which begin at scanned() and continue an incomplete record. True: it goes on behind
    /// them, and they count as scanned. False: something ends there, so cut() has to see the whole record;
    /// nothing has changed. Makes a long record that grows by small appends cheap.
    [[nodiscard]] bool absorb(std::string_view bytes);

  private:
    struct Piece {
        std::string_view bytes;  ///< of the record, its delimiter trimmed
        std::uint64_t position;
    };

    template <class Scanner>
    void cut_with(Scanner& scanner, record::Block& block, bool last);
    template <class Scanner>
    void yield(const Scanner& scanner, record::Block& block, std::string_view bytes, std::size_t begin,
               std::size_t end);
    [[nodiscard]] static Piece without_mark(Piece piece);
    void start_skipping(std::string_view partial);
    void keep(std::string_view bytes);
    void finish_skipping(record::Block& block, std::string_view rest, bool trims_return);

    std::size_t max_record_;
    std::variant<NewlineScanner, JsonScanner, OctetScanner> scanner_;
    std::uint64_t resume_at_;
    std::uint64_t scanned_;
    bool more_ = false;

    /// An oversized record. Apart, because there may be thousands of framers, and few of them hold one.
    struct Skipping {
        std::uint64_t from;
        std::string kept = {};  ///< its first bytes
        char last = '\0';
    };
    std::unique_ptr<Skipping> skipping_;  ///< null: outside of one
};

}  // namespace aep::source
