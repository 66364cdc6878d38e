#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/record_meta.hpp"
#include "codec/json_decoder.hpp"
#include "pipeline/batcher.hpp"
#include "pipeline/options.hpp"
#include "record/block.hpp"
#include "record/dead_letter.hpp"
#include "telemetry/metrics.hpp"
#include "xdm/message_renderer.hpp"

namespace aep::pipeline {

/// One stream in one worker: its renderer and its open batch. Several sources may feed it.
struct StreamLane {
    StreamLane(const StreamOptions& stream_options, const BatchOptions& batch_options, std::uint64_t lane,
               record::BatchSink& sink);

    const StreamOptions options;
    xdm::MessageRenderer renderer;
    Batcher batcher;
};

/// The way of one source's records through one worker: decode, render, batch; what fails is dead-lettered or
/// dropped, as the stream's `on_invalid` says. One call per Block; within it no lock, no allocation and no
/// virtual call per record that is all right. Confined to its worker.
class Route {
  public:
    /// All references outlive the route.
    Route(std::string agent_id, const codec::CodecOptions& codec, StreamLane& lane,
          record::DeadLetterSink& dead_letters, prometheus::Counter& too_large_for_profile);

    void process(const record::Block& block);

  private:
    /// Where the Block at hand comes from, computed once for all its records.
    struct Context {
        const record::Block& block;
        xdm::IdSeed seed;
        base::SteadyTime now;
        base::WallTime wall_now;
    };

    [[nodiscard]] base::RecordMeta meta_of(const record::Block& block, std::uint32_t index) const;
    void process_record(const Context& context, std::uint32_t index);
    void reject(const Context& context, std::uint32_t index, std::string code, std::string reason,
                std::vector<record::Violation> errors = {});

    const std::string agent_id_;
    const std::string host_;
    codec::JsonDecoder decoder_;
    StreamLane& lane_;
    record::DeadLetterSink& dead_letters_;
    prometheus::Counter& too_large_for_profile_;
    const std::size_t profile_limit_;
};

}  // namespace aep::pipeline
