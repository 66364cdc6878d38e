#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "record/origin.hpp"
#include "record/tail.hpp"

namespace aep::record {

/// What the first bytes of a file were: how many (at most 1 KiB) and their 128-bit hash. It grows with the
/// file, so that two files of a few equal bytes are told apart as soon as they differ.
struct Fingerprint {
    std::uint32_t size = 0;  ///< bytes that were hashed; 0: the file was empty
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// One generation of one file, as it is remembered over restarts. Its key is (source, generation).
struct FileMark {
    std::string source;
    std::string generation;  ///< random, made at first sight and renewed on truncation: part of generated ids
    std::string path;        ///< where it was last seen
    std::uint64_t device = 0;
    std::uint64_t inode = 0;  ///< 0: the file is known to be deleted
    std::uint64_t born = 0;   ///< when the inode was made, in ns since 1970; 0: nobody knows
    Fingerprint fingerprint;
    std::uint64_t position = 0;  ///< everything before it is settled
    Tail tail = {};              ///< of the last record before the position, or an earlier one
    bool finished = false;  ///< read to an end that will not be continued: kept for a time, so that it is
                            ///< known again under another name, then forgotten
    base::WallTime last_seen = {};  ///< when a scan found it last; the source refreshes it every kSeenEvery

    /// How often a source tells the store that a file is still there. Marks that were not seen for long are
    /// forgotten (store/position_table.hpp says after how long).
    static constexpr std::chrono::hours kSeenEvery{1};
};

/// Where sources keep how far they are. Implemented by the store; sources know only this. Free-threaded.
///
/// Positions reach it as Acks do (move_to) and are made durable together, at most 100 ms later. Marks are
/// made durable before remember() returns, because no record may be handed over before the file it came from
/// is known to the next start.
class PositionStore {
  public:
    virtual ~PositionStore() = default;

    /// What an earlier run left behind for `source`. A damaged entry is missing and has been reported.
    [[nodiscard]] virtual std::vector<FileMark> recall(const std::string& source) = 0;

    /// Whether a scan of `source` was ever completed (mark_scanned), in this run or an earlier one: only for
    /// the very first scan of a new state `start_at` counts. It also holds where every entry is damaged, so
    /// that those files are read from their beginnings.
    [[nodiscard]] virtual bool scanned_before(const std::string& source) = 0;

    /// The first scan of `source` is through and its files are remembered. Waits for the disk; may be called
    /// again. On an error the caller tries again with its next scan.
    [[nodiscard]] virtual base::Result<void> mark_scanned(const std::string& source) = 0;

    /// Makes marks durable, all or none; one that is known already is replaced but for its position and
    /// tail. Waits for the disk. On an error nothing is kept: the caller reads nothing of these files yet and
    /// tries again.
    [[nodiscard]] virtual base::Result<void> remember(std::span<const FileMark> marks) = 0;

    /// Replaces everything of a mark but its position (path, fingerprint, finished, last_seen), and its tail
    /// by one that ends later, if that is not behind the position; durable with the next commit. Does not
    /// wait.
    virtual void update(const FileMark& mark) = 0;

    /// Everything before `position` of this origin's file is settled, the last of it is `tail` (of an end of
    /// 0: unknown). Durable with the next commit; a smaller position than the last one is ignored. Does not
    /// wait; called on settling threads.
    virtual void move_to(const Origin& origin, std::uint64_t position, const Tail& tail = {}) = 0;

    /// Removes a mark; durable with the next commit.
    virtual void forget(const std::string& source, const std::string& generation) = 0;
};

}  // namespace aep::record
