#include "source/trace.hpp"

#include <xxhash.h>

#include <algorithm>
#include <bit>

#include "source/fingerprint.hpp"
#include "source/read_at.hpp"

namespace aep::source {
namespace {

std::uint64_t hash_of(std::string_view bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

base::Result<bool> begins_with(int fd, const record::Fingerprint& head) {
    std::array<char, kFingerprintBytes> bytes;
    const base::Result<std::size_t> got = read_at(fd, bytes.data(), bytes.size(), 0);
    if (!got) return got.error();
    return continues(head, {bytes.data(), *got});
}

}  // namespace

record::Tail tail_of(const record::Block& block, const record::RecordSpan& span) {
    if (span.oversized != 0) return {};
    const std::string_view record = block.bytes_of(span);
    const std::string_view last = record.substr(record.size() - std::min(record.size(), record::kTailBytes));
    return {.end = span.position + record.size(),
            .hash = hash_of(last),
            .size = static_cast<std::uint32_t>(last.size())};
}

record::Tail tail_before(int fd, std::uint64_t position) {
    std::array<char, record::kTailBytes> bytes;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), position));
    const base::Result<std::size_t> got = read_at(fd, bytes.data(), size, position - size);
    if (!got || *got < size || size == 0) return {};
    return {.end = position, .hash = hash_of({bytes.data(), size}), .size = static_cast<std::uint32_t>(size)};
}

bool ends_with(std::string_view bytes, const record::Tail& tail) {
    if (tail.size == 0 || bytes.size() < tail.size) return false;
    return hash_of(bytes.substr(bytes.size() - tail.size)) == tail.hash;
}

bool holds(std::string_view head, const record::Tail& tail) {
    return tail.end <= head.size() && ends_with(head.substr(0, static_cast<std::size_t>(tail.end)), tail);
}

base::Result<bool> holds(int fd, const record::Tail& tail) {
    std::array<char, record::kTailBytes> bytes;
    if (tail.size == 0 || tail.size > bytes.size() || tail.size > tail.end) return false;
    const base::Result<std::size_t> got = read_at(fd, bytes.data(), tail.size, tail.end - tail.size);
    if (!got) return got.error();
    return ends_with({bytes.data(), *got}, tail);
}

void Trace::extend(const record::Tail& tail) {
    if (tail.end == 0) return;
    // All places first, from the last on; then of 16 in a row 8 go to the first place, 4 to the second, and
    // so on: the older one is, the later its place is taken.
    const auto turn = static_cast<std::size_t>(std::countr_zero(++extended_));
    tails_[extended_ <= kKept ? kKept - extended_ : std::min(turn, kKept - 1)] = tail;
}

void Trace::cut(std::uint64_t position) {
    for (record::Tail& tail : tails_) {
        if (tail.end > position) tail = {};
    }
}

record::Tail Trace::last() const {
    return *std::ranges::max_element(tails_, {}, &record::Tail::end);
}

base::Result<bool> Trace::is_in(int fd, std::uint64_t size) const {
    if (head.size == 0) return false;
    bool any = false;
    for (const record::Tail& tail : tails_) {
        if (tail.end == 0 || tail.end > size) continue;
        base::Result<bool> held = holds(fd, tail);
        if (!held || !*held) return held;
        any = true;
    }
    if (!any) return false;
    return begins_with(fd, head);
}

}  // namespace aep::source
