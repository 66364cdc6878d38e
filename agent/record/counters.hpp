#pragma once

#include <cstdint>
#include <mutex>
#include <string>

namespace aep::record {

/// The record counters of one source. `read + recovered + replayed = settled + in_flight` holds in every
/// snapshot, because all of them change and are read under one mutex (per Block and per run, never per
/// record). Guarded.
class RecordCounters {
  public:
    struct Values {
        std::uint64_t read = 0;
        std::uint64_t recovered = 0;  ///< taken from the disk buffer at start
        std::uint64_t replayed = 0;   ///< taken from dead letters
        std::uint64_t delivered = 0;
        std::uint64_t dead_lettered = 0;
        std::uint64_t dropped = 0;
        std::uint64_t in_flight = 0;  ///< counted on its own, so that the identity can be checked

        [[nodiscard]] std::uint64_t settled() const { return delivered + dead_lettered + dropped; }
        [[nodiscard]] bool balanced() const { return read + recovered + replayed == settled() + in_flight; }
        Values& operator+=(const Values& other);
    };

    /// `taken`: what its records count as when they come in (`replayed` where they are dead letters).
    explicit RecordCounters(std::string source, std::uint64_t Values::*taken = &Values::read)
        : source_{std::move(source)}, taken_{taken} {}

    void count_read(std::uint64_t records);
    void count_recovered(std::uint64_t records);
    void count_settled(std::uint64_t delivered, std::uint64_t dead_lettered, std::uint64_t dropped);

    /// So many records in flight are nobody's any more: their source will read them again, and the disk
    /// buffer recover them. Until then they stay in flight, and then they are not counted a second time.
    void give_back(std::uint64_t records);
    void leave_in_buffer(std::uint64_t records);
    /// Of those in flight, the ones that were left in a disk buffer.
    [[nodiscard]] std::uint64_t left_in_buffer() const;
    /// Of those in flight, all that nobody has.
    [[nodiscard]] std::uint64_t nobodys() const;

    [[nodiscard]] Values snapshot() const;
    [[nodiscard]] const std::string& source() const { return source_; }

  private:
    const std::string source_;
    std::uint64_t Values::*const taken_;
    mutable std::mutex mutex_;
    Values values_;
    std::uint64_t given_back_ = 0;
    std::uint64_t left_in_buffer_ = 0;
};

}  // namespace aep::record
