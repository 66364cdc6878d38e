#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/record_meta.hpp"
#include "codec/json_decoder.hpp"
#include "pipeline/batcher.hpp"
#include "pipeline/invalid_guard.hpp"
#include "pipeline/options.hpp"
#include "pipeline/proof_metrics.hpp"
#include "record/block.hpp"
#include "record/dead_letter.hpp"
#include "telemetry/metrics.hpp"
#include "xdm/message_renderer.hpp"
#include "xdm/report.hpp"

namespace aep::pipeline {

/// One stream in one worker: its renderer and its open batch. Several sources may feed it.
struct StreamLane {
    StreamLane(const RouteOptions& route, std::uint64_t lane, record::BatchSink& sink,
               InvalidGuard& invalid_guard, telemetry::Metrics& metrics);

    const StreamOptions options;
    xdm::MessageRenderer renderer;
    Batcher batcher;
    InvalidGuard& guard;
    ProofMetrics proof_metrics;
    /// Blocks of a held stream, whole or in part not settled. They are kept for the pipeline that comes after
    /// this one, or until the process ends.
    std::vector<record::BlockPtr> held;
};

/// The way of one source's records through one worker: decode, prove, render, batch; what fails is
/// dead-lettered or dropped, as the stream's `on_invalid` says, up to its `invalid_limit`. One call per
/// Block; within it no lock, no allocation and no virtual call per record that is all right. Confined to its
/// worker.
class Route {
  public:
    /// All references outlive the route.
    Route(std::string agent_id, const codec::CodecOptions& codec, StreamLane& lane,
          record::DeadLetterSink& dead_letters, prometheus::Counter& too_large_for_profile);

    void process(record::BlockPtr block);

  private:
    /// Where the Block at hand comes from, computed once for all its records.
    struct Context {
        const record::Block& block;
        xdm::IdSeed seed;
        base::SteadyTime now;
        base::WallTime wall_now;
    };

    [[nodiscard]] base::RecordMeta meta_of(const record::Block& block, std::uint32_t index) const;
    /// Both return false when the stream is held now and the record stays as it is.
    [[nodiscard]] bool process_record(const Context& context, std::uint32_t index);
    [[nodiscard]] bool reject(const Context& context, std::uint32_t index, std::string code,
                              std::string reason, std::span<const xdm::Violation> violations = {});
    void dead_letter(const Context& context, std::uint32_t index, std::string code, std::string reason,
                     std::span<const xdm::Violation> violations);
    void count_proof();

    const std::string agent_id_;
    const std::string host_;
    codec::JsonDecoder decoder_;
    StreamLane& lane_;
    record::DeadLetterSink& dead_letters_;
    prometheus::Counter& too_large_for_profile_;
    const std::size_t profile_limit_;
    std::uint64_t valid_ = 0;  ///< records since the guard was told last
};

}  // namespace aep::pipeline
