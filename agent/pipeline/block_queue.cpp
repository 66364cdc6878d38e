#include "pipeline/block_queue.hpp"

#include <concurrentqueue/blockingconcurrentqueue.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

namespace aep::pipeline {

struct BlockQueue::Inbox {
    moodycamel::BlockingConcurrentQueue<record::BlockPtr> blocks;
    /// Only a hint for choose(): relaxed on both sides.
    std::atomic<std::size_t> waiting_bytes{0};
    /// Set by the worker when it meets the null Block that close() leaves as a mark.
    bool closed = false;
};

BlockQueue::BlockQueue(std::size_t workers, std::unordered_set<std::string> ordered_ways)
    : ordered_ways_{std::move(ordered_ways)} {
    for (std::size_t i = 0; i < workers; ++i) inboxes_.push_back(std::make_unique<Inbox>());
}

BlockQueue::~BlockQueue() = default;

BlockQueue::Inbox& BlockQueue::choose(const record::Block& block) {
    if (ordered_ways_.contains(block.origin->way())) return *inboxes_[block.origin->reader % inboxes_.size()];
    const auto fewest = std::ranges::min_element(
        inboxes_, {}, [](const auto& inbox) { return inbox->waiting_bytes.load(std::memory_order_relaxed); });
    return **fewest;
}

void BlockQueue::push(record::BlockPtr block) {
    Inbox& inbox = choose(*block);
    inbox.waiting_bytes.fetch_add(block->size, std::memory_order_relaxed);
    inbox.blocks.enqueue(std::move(block));
}

record::BlockPtr BlockQueue::pop(std::size_t worker, base::SteadyTime deadline) {
    Inbox& inbox = *inboxes_[worker];
    record::BlockPtr block;
    const auto wait = std::chrono::ceil<std::chrono::microseconds>(deadline - base::SteadyClock::now());
    const bool taken = inbox.closed || wait.count() <= 0
                           ? inbox.blocks.try_dequeue(block)
                           : inbox.blocks.wait_dequeue_timed(block, wait.count());
    if (!taken) return nullptr;
    if (!block) {
        // The mark is in order with its own producer only: Blocks of others may still stand behind it.
        inbox.closed = true;
        if (!inbox.blocks.try_dequeue(block)) return nullptr;
    }
    inbox.waiting_bytes.fetch_sub(block->size, std::memory_order_relaxed);
    return block;
}

bool BlockQueue::at_end(std::size_t worker) const {
    const Inbox& inbox = *inboxes_[worker];
    return inbox.closed && inbox.blocks.size_approx() == 0;
}

void BlockQueue::close() {
    for (const auto& inbox : inboxes_) inbox->blocks.enqueue(nullptr);
}

}  // namespace aep::pipeline
