#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/options.hpp"
#include "record/batch.hpp"
#include "record/block.hpp"
#include "record/dead_letter.hpp"
#include "record/stream_hold.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::pipeline {

/// What the agent hands to the pipeline. All of it outlives the pipeline.
struct Surroundings {
    std::string agent_id;
    record::DeadLetterSink& dead_letters;
    std::function<record::BatchSink&(const std::string& destination)> sink_of;
    telemetry::Metrics& metrics;
    telemetry::Health& health;
};

/// Queue and workers: Blocks in, sealed batches out. Workers are threads; each owns its part of everything
/// behind the queue.
class Pipeline {
  public:
    /// One route per source. Throws std::runtime_error on options that cannot be used.
    Pipeline(std::size_t workers, const std::vector<RouteOptions>& routes, const Surroundings& surroundings);
    /// As finish().
    ~Pipeline();
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    /// Where the sources put their Blocks.
    [[nodiscard]] record::BlockSink& sink();

    /// What its sources look at before they read; shared with them, as they may wait for it when the pipeline
    /// goes.
    [[nodiscard]] std::shared_ptr<const record::StreamHold> hold(const std::string& stream) const;

    /// Bytes that a message of the stream has beyond its record: what a source adds to the size of a Block.
    [[nodiscard]] static std::size_t message_overhead(const StreamOptions& stream);

    /// After the last source has stopped, or while none can push: works off what is queued, seals all
    /// batches, ends the workers. Idempotent.
    void finish();
    /// After finish(), for the pipeline that takes over: what was not worked off because its stream was held,
    /// oldest first.
    [[nodiscard]] std::vector<record::BlockPtr> take_held();
    /// After finish(): its streams are not held any more, as far as others can see.
    void retire_holds();
    /// Before the first Block: holds the streams that `before`, with the same routes, holds.
    void hold_as(const Pipeline& before);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::pipeline
