#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "pipeline/options.hpp"
#include "record/batch.hpp"
#include "record/block.hpp"

namespace aep::pipeline {

/// A request that holds one message may be larger than `max_bytes`, up to what AEP takes.
inline constexpr std::size_t kMaxRequestBytes = 1'000'000;

/// The open batch of one stream in one worker, and the rules that seal it. Confined to its worker.
class Batcher {
  public:
    /// `lane`: number of this stream and worker, carried by batches of ordered streams. `sink` outlives the
    /// batcher.
    Batcher(std::shared_ptr<const record::StreamInfo> stream, const BatchOptions& options, std::uint64_t lane,
            record::BatchSink& sink);

    /// Whether a message of `size` bytes can be sent at all.
    [[nodiscard]] static bool fits_alone(std::size_t size);

    /// Where to write a message of `size` bytes of this Block. Seals the open batch first if it would not
    /// fit.
    [[nodiscard]] char* reserve(const record::Block& block, std::size_t size, base::SteadyTime now);
    /// Makes what was written there a message.
    void append(const record::Block& block, std::size_t size, std::uint32_t record);

    /// When the open batch must be sealed; SteadyTime::max() when none is open.
    [[nodiscard]] base::SteadyTime deadline() const;
    /// Seals the open batch and hands it over; nothing where none is open.
    void seal();

  private:
    const std::shared_ptr<const record::StreamInfo> stream_;
    const BatchOptions options_;
    const std::uint64_t lane_;
    record::BatchSink& sink_;
    record::BatchPtr open_;
    std::size_t max_bytes_ = 0;  ///< of the open batch
    /// The next batch begins with the buffer that the last one ended with: a stream whose batches fill up
    /// saves the growing, a quiet one the memory.
    record::Batch::Capacity capacity_;
};

}  // namespace aep::pipeline
