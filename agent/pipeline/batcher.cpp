#include "pipeline/batcher.hpp"

#include <algorithm>
#include <utility>

namespace aep::pipeline {

using record::Batch;

Batcher::Batcher(std::shared_ptr<const record::StreamInfo> stream, const BatchOptions& options,
                 std::uint64_t lane, record::BatchSink& sink)
    : stream_{std::move(stream)},
      options_{options},
      lane_{lane},
      sink_{sink},
      capacity_{.usual_most = std::max(Batch::Capacity{}.first, options.max_bytes)} {}

bool Batcher::fits_alone(std::size_t size) {
    return Batch::kOpen.size() + size + Batch::kClose.size() <= kMaxRequestBytes;
}

char* Batcher::reserve(const record::Block& block, std::size_t size, base::SteadyTime now) {
    if (open_ && !open_->messages.empty() && open_->body_size() + 1 + size > max_bytes_) seal();
    if (!open_) {
        max_bytes_ = std::min(options_.max_bytes, sink_.body_bound());
        open_ = std::make_unique<Batch>(stream_, block.lease.reopen(), capacity_);
        open_->lane = lane_;
        open_->opened_at = now;
        open_->oldest_read = block.read_at;
    }
    return open_->reserve(size);
}

void Batcher::append(const record::Block& block, std::size_t size, std::uint32_t record) {
    open_->append(size, open_->ticket_index(block.ticket), record);
    open_->oldest_read = std::min(open_->oldest_read, block.read_at);
    if (open_->messages.size() >= options_.max_messages) seal();
}

base::SteadyTime Batcher::deadline() const {
    return open_ ? open_->opened_at + options_.linger : base::SteadyTime::max();
}

void Batcher::seal() {
    if (!open_) return;
    open_->seal();
    capacity_.first = std::clamp(open_->capacity(), Batch::Capacity{}.first, capacity_.usual_most);
    sink_.submit(std::exchange(open_, nullptr));
}

}  // namespace aep::pipeline
