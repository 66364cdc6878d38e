#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"
#include "delivery/destination.hpp"
#include "record/counters.hpp"
#include "record/ledger.hpp"
#include "source/source.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::app {

struct Stages;

/// All stages of one configuration, wired: sources -> queue -> workers -> destinations, dead letters beside
/// them. `run`, `send` and `demo` differ only in what they put in and when they stop. Owned by the main
/// thread; the callbacks come from others, and totals(), destination_states(), metrics() and health() may be
/// asked by others.
class Agent {
  public:
    struct Options {
        std::string agent_id;
        /// Where positions are kept over restarts. Absent for one-shot commands, which keep none; whoever
        /// names one has its StateLock.
        std::optional<std::filesystem::path> state_dir;
        /// One-shot commands: rejects go to this file instead of dead_letter.dir.
        std::optional<std::filesystem::path> rejected_file;
        record::Ledger::OnAck on_ack;       ///< may be empty; on the settling thread
        std::function<void()> on_finished;  ///< a source that has an end reached it; may be empty
        /// `replay`: makes the sources, whose records then count as replayed. Empty: source::make_source.
        std::function<base::Result<std::unique_ptr<source::Source>>(
            const source::SourceOptions&, const source::Surroundings&, std::function<void()> on_finished)>
            make_source;
    };

    /// Builds every stage; nothing runs yet. Fails on what the configuration names and the system refuses.
    [[nodiscard]] static base::Result<std::unique_ptr<Agent>> create(const config::Config& config,
                                                                     const Options& options);
    /// Stops at once what still runs.
    ~Agent();
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    void start();

    /// Takes over another configuration, or nothing of it: see app/reload.hpp. Never waits for the network.
    /// On success, a line about what has changed.
    [[nodiscard]] base::Result<std::string> reload(const config::Config& next);
    /// For the metrics: whether a reload was taken over.
    void count_reload(bool taken_over);
    /// The one that runs. Of the main thread.
    [[nodiscard]] const config::Config& config() const;

    /// True when every source has an end and has reached it. False without sources.
    [[nodiscard]] bool sources_finished() const;

    /// First half of a drain: stops the sources, works off what they read, seals all batches.
    void stop_reading();
    /// Leaves what is in disk buffers to the next start: drain() does not wait for it any more.
    void leave_buffered();
    [[nodiscard]] bool has_disk_buffer() const;
    /// Second half, to be repeated: waits up to `timeout` for what is on its way. True: nothing is left.
    [[nodiscard]] bool drain(std::chrono::milliseconds timeout);
    /// Last step: makes the positions durable. False: they could not be within `timeout`.
    [[nodiscard]] bool commit_positions(std::chrono::milliseconds timeout);

    [[nodiscard]] record::RecordCounters::Values totals() const;
    /// Of the records in flight, those that the next start takes up again: they are in a disk buffer, or
    /// their source has durable positions.
    [[nodiscard]] std::uint64_t durable() const;
    /// Of the records in flight, those that nobody has after a reload: a destination or a source is gone, and
    /// they wait in files or in a disk buffer until it is there again.
    [[nodiscard]] std::uint64_t left_behind() const;
    [[nodiscard]] std::vector<source::Source::Progress> progress() const;
    [[nodiscard]] std::vector<delivery::Destination::State> destination_states() const;
    /// Streams that are held because of their own records (`invalid_limit`).
    [[nodiscard]] std::vector<std::string> held_streams() const;
    /// Inputs that sources with an end gave up because they cannot be read.
    [[nodiscard]] std::uint64_t unreadable() const;
    [[nodiscard]] const telemetry::Metrics& metrics() const;
    [[nodiscard]] const telemetry::Health& health() const;

  private:
    explicit Agent(std::unique_ptr<Stages> stages);
    std::unique_ptr<Stages> stages_;
};

}  // namespace aep::app
