#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "record/block.hpp"
#include "record/counters.hpp"
#include "record/ledger.hpp"
#include "record/memory_budget.hpp"
#include "record/position_store.hpp"
#include "record/stream_hold.hpp"
#include "source/options.hpp"
#include "telemetry/metrics.hpp"

namespace aep::source {

/// What a source must know of where its records go. A reload may change it while the source runs.
struct Outlet {
    record::MemoryShare* memory = nullptr;  ///< of the destination that the source feeds
    /// Bytes that a message has beyond its record (envelope, comma): a Block is admitted at the size that its
    /// records will have as messages.
    std::size_t message_overhead = 0;
    /// Of its stream; null: it is never held.
    std::shared_ptr<const record::StreamHold> hold = {};
};

/// What the agent hands to a source. All of it outlives the source.
struct Surroundings {
    record::BlockSink& sink;
    Outlet outlet;
    record::RecordCounters& counters;
    telemetry::Metrics& metrics;
    record::Ledger::OnAck on_ack;  ///< may be empty; called on the settling thread
    /// Where positions are kept over restarts; null for one-shot commands, which keep none.
    record::PositionStore* positions = nullptr;
};

/// A source: reads bytes on a thread of its own, cuts them into records, and hands them over in Blocks. When
/// memory is full it waits, and so does whoever writes to it.
class Source {
  public:
    /// How far one reader (file, stdin) is.
    struct Progress {
        std::uint64_t read = 0;     ///< bytes handed over
        std::uint64_t settled = 0;  ///< bytes before the settled position
        std::uint64_t size = 0;     ///< bytes there are; 0 where nobody can know (a pipe)
    };

    virtual ~Source() = default;
    virtual void start() = 0;
    /// Stops reading; returns when the last Block has been handed over. Idempotent, from any thread.
    virtual void stop() = 0;

    /// The next Blocks go to `outlet`; a wait for the memory of the one before ends. From any thread.
    virtual void redirect(Outlet outlet) = 0;
    /// Between stop() and start(): goes on with other options of the same id and type, and where it was.
    /// False: this kind of source cannot, it takes a new one.
    [[nodiscard]] virtual bool reconfigure(const SourceOptions& /*options*/) { return false; }
    /// Between stop() and start(): nobody has its unsettled records any more; they are read again, and those
    /// that are settled are not (RecordCounters::give_back). Only files can; see can_rewind().
    virtual void rewind() {}
    /// Whether rewind() would bring all of its unsettled records back. Between stop() and start().
    [[nodiscard]] virtual bool can_rewind() const { return false; }
    /// After stop(): a new source for the same options would go on as this one. Before, its records are still
    /// on their way, or it knows of some that are not to be read again.
    [[nodiscard]] virtual bool is_done() const { return !oldest_unsettled(); }

    /// True once a source that has an end (stdin, one-shot files) has handed over everything.
    [[nodiscard]] virtual bool finished() const = 0;
    [[nodiscard]] virtual std::vector<Progress> progress() const = 0;
    /// When the oldest unsettled record was read.
    [[nodiscard]] virtual std::optional<base::SteadyTime> oldest_unsettled() const = 0;
    /// When it handed over a record last.
    [[nodiscard]] virtual std::optional<base::WallTime> last_record() const = 0;
    /// Bytes known to have existed that are gone before they could be read; each loss is in the log.
    [[nodiscard]] virtual std::uint64_t lost_bytes() const = 0;
    /// How many of its inputs a source that has an end gave up because they cannot be read; each is in the
    /// log.
    [[nodiscard]] virtual std::uint64_t unreadable() const { return 0; }
};

/// The source that `options` describe; nothing is read before start(). Fails where the system refuses what
/// they ask for, such as an address to listen on.
[[nodiscard]] base::Result<std::unique_ptr<Source>> make_source(const SourceOptions& options,
                                                                const Surroundings& surroundings,
                                                                std::function<void()> on_finished);

}  // namespace aep::source
