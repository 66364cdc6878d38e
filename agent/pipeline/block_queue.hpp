#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "record/block.hpp"

namespace aep::pipeline {

/// The lock-free queue between sources and workers: one inbox per worker. Blocks of ordered ways always go
/// to the inbox that their reader belongs to, so that one worker sees them in order; others go to the inbox
/// with the fewest bytes waiting. Its bound in bytes is the memory budget that sources draw from before they
/// read.
///
/// push() from any thread; pop() from the inbox's worker only; close() once, after the last push().
class BlockQueue : public record::BlockSink {
  public:
    /// `ordered_ways`: those (record::Origin::way) into streams with `order: source`.
    BlockQueue(std::size_t workers, std::unordered_set<std::string> ordered_ways);
    ~BlockQueue() override;
    BlockQueue(const BlockQueue&) = delete;
    BlockQueue& operator=(const BlockQueue&) = delete;

    void push(record::BlockPtr block) override;

    /// The next Block of the worker's inbox; null when `deadline` has come or the queue is closed and empty.
    [[nodiscard]] record::BlockPtr pop(std::size_t worker, base::SteadyTime deadline);
    /// True once the inbox is closed and empty. Worker's side, after pop() has returned null.
    [[nodiscard]] bool at_end(std::size_t worker) const;

    void close();

  private:
    struct Inbox;
    [[nodiscard]] Inbox& choose(const record::Block& block);

    std::vector<std::unique_ptr<Inbox>> inboxes_;
    const std::unordered_set<std::string> ordered_ways_;
};

}  // namespace aep::pipeline
