#include "source/long_records.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace aep::source {

std::size_t LongRecords::allowance(const Connection& connection) const {
    const bool first = entries_.empty() || entries_.front().connection == &connection;
    if (first || bytes_ < kBudget) return std::numeric_limits<std::size_t>::max();
    return StreamReader::kCopiedCarry - std::min(connection.held(), StreamReader::kCopiedCarry);
}

void LongRecords::note(Connection& connection, base::SteadyTime now) {
    const std::size_t held = connection.held();
    const std::size_t counted = held > StreamReader::kCopiedCarry ? held : 0;
    const std::size_t before = std::exchange(connection.long_bytes, counted);
    bytes_ = bytes_ + counted - before;
    if (before == 0 && counted > 0) entries_.push_back({.connection = &connection, .since = now});
    if (before > 0 && counted == 0) {
        std::erase_if(entries_, [&](const Entry& entry) { return entry.connection == &connection; });
    }
}

void LongRecords::forget(Connection& connection) {
    bytes_ -= std::exchange(connection.long_bytes, 0);
    std::erase_if(entries_, [&](const Entry& entry) { return entry.connection == &connection; });
}

Connection* LongRecords::stalled(base::SteadyTime since) const {
    return !entries_.empty() && entries_.front().since <= since ? entries_.front().connection : nullptr;
}

}  // namespace aep::source
