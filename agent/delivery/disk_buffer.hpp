#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "delivery/options.hpp"
#include "record/batch.hpp"
#include "record/counters.hpp"
#include "record/memory_budget.hpp"
#include "store/store.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::delivery {

/// The disk buffer of one destination: batches are stored before they are sent, and sent oldest first.
///
/// **Stored.** A batch waits in memory until the next commit of the store. In that commit its messages are
/// kept (record::Ledger::keep): the positions of their records move, and these positions and the batch are
/// one transaction. If it fails, both are in the next one: no position gets to the disk without the batches
/// it has passed. From the commit on the batch needs nothing of its sources any more.
///
/// **Counted.** A kept record is still in flight. It is settled, by its worst outcome, when its message is
/// delivered, dead-lettered or dropped; after a restart it counts as recovered first.
///
/// **Sent.** A few batches at a time, the window, are with the destination: those just stored, as long as it
/// keeps up, else read back from the disk. A batch of which every message met its fate is removed with the
/// next commit; a crash before that sends it again.
///
/// **Bounds.** `max_bytes` of values on disk; when they are reached, batches wait in memory, and their
/// sources with them (block), or the newest are dropped. The window takes at most `window_bytes` of
/// memory, or one batch more.
///
/// **Damage.** A batch whose checksum is wrong is kept aside as a file in `quarantine` and counts as dropped;
/// the rest goes on.
///
/// submit() is free-threaded and never waits.
class DiskBuffer final : public record::BatchSink {
  public:
    /// What a commit takes besides the batches in it: LMDB's copies of them, and what malloc keeps for the
    /// next.
    static constexpr std::size_t kCommitBytes = std::size_t{10} << 20U;

    struct Surroundings {
        store::Store& store;
        record::MemoryShare& memory;
        /// Also of sources that are not configured any more.
        std::function<record::RecordCounters&(const std::string& source)> counters_of;
        telemetry::Metrics& metrics;
        telemetry::Health& health;
        std::filesystem::path quarantine;  ///< a directory, made when it is needed
        std::size_t window_bytes = std::size_t{4} << 20U;
    };

    /// Counts what an earlier run left behind, and takes part in the store's commits from now on.
    [[nodiscard]] static base::Result<std::unique_ptr<DiskBuffer>> open(const DestinationOptions& options,
                                                                        const Surroundings& surroundings);
    ~DiskBuffer() override;

    /// Begins to send to `destination`.
    void start(record::BatchSink& destination);
    /// Sends nothing more; what is with the destination stays there. Idempotent; before the destination goes.
    void stop();

    /// After stop(), when nothing is submitted any more: leaves what is on disk there, and takes part in no
    /// commit any more. What its batches under way meet has no consequences for it then.
    void leave();

    void submit(record::BatchPtr batch) override;

    /// Waits until everything submitted is on disk, and, before stop(), until all of that has met its fate.
    [[nodiscard]] bool drain(std::chrono::milliseconds timeout);

    /// Batches that were submitted and are neither on disk nor dropped.
    [[nodiscard]] std::size_t unstored() const;

    /// Records that are on disk and not settled, of `source` and by source.
    [[nodiscard]] std::uint64_t records_of(const std::string& source) const;
    [[nodiscard]] std::map<std::string, std::uint64_t> records() const;

  private:
    struct Impl;
    explicit DiskBuffer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::delivery
