#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.hpp"
#include "source/connection.hpp"

namespace aep::source {

/// Bounds what the connections of one source hold of incomplete records together. Each may hold
/// StreamReader::kCopiedCarry at any time; of more than that all of them hold about kBudget, and one record
/// of any length. Who would hold more waits unread, in the kernel's buffer and then in its sender. The
/// connection that has been at its long record for the longest never waits, so that there is always one that
/// comes to its end. Confined.
class LongRecords {
  public:
    static constexpr std::size_t kBudget = std::size_t{1} << 20U;

    /// How many bytes the connection may read now; 0: it has to wait for others.
    [[nodiscard]] std::size_t allowance(const Connection& connection) const;

    /// After each read.
    void note(Connection& connection, base::SteadyTime now);
    /// Before the connection goes.
    void forget(Connection& connection);

    /// The connection that the others wait for, once it has been at its record for so long; or null.
    [[nodiscard]] Connection* stalled(base::SteadyTime since) const;

  private:
    struct Entry {
        Connection* connection;
        base::SteadyTime since;
    };

    std::vector<Entry> entries_;  ///< oldest first
    std::size_t bytes_ = 0;
};

}  // namespace aep::source
