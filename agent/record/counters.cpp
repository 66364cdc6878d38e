#include "record/counters.hpp"

#include <algorithm>

namespace aep::record {

RecordCounters::Values& RecordCounters::Values::operator+=(const Values& other) {
    read += other.read;
    recovered += other.recovered;
    replayed += other.replayed;
    delivered += other.delivered;
    dead_lettered += other.dead_lettered;
    dropped += other.dropped;
    in_flight += other.in_flight;
    return *this;
}

namespace {

/// What of `records` was not expected back.
std::uint64_t new_ones(std::uint64_t records, std::uint64_t& expected) {
    const std::uint64_t known = std::min(records, expected);
    expected -= known;
    return records - known;
}

}  // namespace

void RecordCounters::count_read(std::uint64_t records) {
    const std::lock_guard lock{mutex_};
    const std::uint64_t fresh = new_ones(records, given_back_);
    values_.*taken_ += fresh;
    values_.in_flight += fresh;
}

void RecordCounters::count_recovered(std::uint64_t records) {
    const std::lock_guard lock{mutex_};
    const std::uint64_t fresh = new_ones(records, left_in_buffer_);
    values_.recovered += fresh;
    values_.in_flight += fresh;
}

void RecordCounters::give_back(std::uint64_t records) {
    const std::lock_guard lock{mutex_};
    given_back_ += records;
}

void RecordCounters::leave_in_buffer(std::uint64_t records) {
    const std::lock_guard lock{mutex_};
    left_in_buffer_ += records;
}

std::uint64_t RecordCounters::left_in_buffer() const {
    const std::lock_guard lock{mutex_};
    return left_in_buffer_;
}

void RecordCounters::count_settled(std::uint64_t delivered, std::uint64_t dead_lettered,
                                   std::uint64_t dropped) {
    const std::lock_guard lock{mutex_};
    values_.delivered += delivered;
    values_.dead_lettered += dead_lettered;
    values_.dropped += dropped;
    values_.in_flight -= delivered + dead_lettered + dropped;
}

std::uint64_t RecordCounters::nobodys() const {
    const std::lock_guard lock{mutex_};
    return given_back_ + left_in_buffer_;
}

RecordCounters::Values RecordCounters::snapshot() const {
    const std::lock_guard lock{mutex_};
    return values_;
}

}  // namespace aep::record
