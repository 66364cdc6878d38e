#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "record/block.hpp"
#include "record/position_store.hpp"

namespace aep::source {

/// Of one record of the Block; none of an oversized one, of which the Block holds the beginning.
[[nodiscard]] record::Tail tail_of(const record::Block& block, const record::RecordSpan& span);

/// What was read of a file, in so far that a copy of it can be told from any other file: its first bytes and
/// some of the records. A program that rotates by `copytruncate` copies a log and truncates it: what was not
/// read before is in the copy, which ends before the last records if they were written meanwhile.
class Trace {
  public:
    Trace() = default;
    explicit Trace(const record::Fingerprint& first_bytes, const record::Tail& last = {})
        : head{first_bytes} {
        extend(last);
    }

    /// `tail` was read after all the others. Older ones are kept the fewer the older they are.
    void extend(const record::Tail& tail);
    /// What is behind `position` was not read after all.
    void cut(std::uint64_t position);

    /// Of the last record that was read; its end is 0: nothing was, as far as is known.
    [[nodiscard]] record::Tail last() const;
    /// Whether a file of `size` bytes holds the first bytes and every record of the trace that can be in it,
    /// at least one. Reads 1 KiB for each.
    [[nodiscard]] base::Result<bool> is_in(int fd, std::uint64_t size) const;

    record::Fingerprint head;

  private:
    /// With one read every `gather` the oldest is 80 to 160 ms old under load.
    static constexpr std::size_t kKept = 5;

    std::array<record::Tail, kKept> tails_;  ///< in no order
    std::uint32_t extended_ = 0;
};

/// Where nothing is known of the last record before `position`: of the bytes there. None where they cannot be
/// read.
[[nodiscard]] record::Tail tail_before(int fd, std::uint64_t position);

/// Whether bytes that end where the record does end with it.
[[nodiscard]] bool ends_with(std::string_view bytes, const record::Tail& tail);
/// Whether a file that begins with `head` holds the record there.
[[nodiscard]] bool holds(std::string_view head, const record::Tail& tail);
/// Whether the file holds it. Reads 1 KiB at most.
[[nodiscard]] base::Result<bool> holds(int fd, const record::Tail& tail);

}  // namespace aep::source
