#include "record/counters.hpp"

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

void RecordCounters::count_read(std::uint64_t records) {
    const std::lock_guard lock{mutex_};
    values_.*taken_ += records;
    values_.in_flight += records;
}

void RecordCounters::count_recovered(std::uint64_t records) {
    const std::lock_guard lock{mutex_};
    values_.recovered += records;
    values_.in_flight += records;
}

void RecordCounters::count_settled(std::uint64_t delivered, std::uint64_t dead_lettered,
                                   std::uint64_t dropped) {
    const std::lock_guard lock{mutex_};
    values_.delivered += delivered;
    values_.dead_lettered += dead_lettered;
    values_.dropped += dropped;
    values_.in_flight -= delivered + dead_lettered + dropped;
}

RecordCounters::Values RecordCounters::snapshot() const {
    const std::lock_guard lock{mutex_};
    return values_;
}

}  // namespace aep::record
