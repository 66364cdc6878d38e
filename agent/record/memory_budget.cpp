#include "record/memory_budget.hpp"

#include <algorithm>

namespace aep::record {

MemoryShare& MemoryBudget::add_share(std::string destination) {
    const std::lock_guard lock{mutex_};
    return shares_.emplace_back(*this, std::move(destination));
}

std::size_t MemoryBudget::used() const {
    const std::lock_guard lock{mutex_};
    std::size_t total = 0;
    for (const MemoryShare& share : shares_) total += share.used_;
    return total;
}

std::size_t MemoryBudget::guaranteed() const {
    return shares_.size() < 2 ? limit_ : limit_ / 2 / shares_.size();
}

bool MemoryBudget::fits(const MemoryShare& asking, std::size_t bytes) const {
    if (asking.used_ == 0) return true;
    const std::size_t own = guaranteed();
    if (asking.used_ + bytes <= own) return true;
    // What the others use of the common half, beyond their own guarantees.
    const std::size_t common = limit_ - own * shares_.size();
    std::size_t lent = asking.used_ + bytes - own;
    for (const MemoryShare& share : shares_) {
        if (&share != &asking && share.used_ > own) lent += share.used_ - own;
    }
    return lent <= common;
}

Lease& Lease::operator=(Lease&& other) noexcept {
    if (this != &other) {
        resize(0);
        share_ = std::exchange(other.share_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
}

void Lease::resize(std::size_t bytes) {
    if (share_ == nullptr || bytes == bytes_) return;
    MemoryBudget& budget = share_->budget_;
    {
        const std::lock_guard lock{budget.mutex_};
        share_->used_ = share_->used_ + bytes - bytes_;
    }
    if (bytes < bytes_) budget.freed_.notify_all();
    bytes_ = bytes;
}

Lease MemoryShare::take(std::size_t bytes, const std::stop_token& stop) {
    std::unique_lock lock{budget_.mutex_};
    if (!budget_.freed_.wait(lock, stop, [&] { return budget_.fits(*this, bytes); })) return {};
    used_ += bytes;
    return Lease{this, bytes};
}

Lease MemoryShare::try_take(std::size_t bytes) {
    const std::lock_guard lock{budget_.mutex_};
    if (!budget_.fits(*this, bytes)) return {};
    used_ += bytes;
    return Lease{this, bytes};
}

std::size_t MemoryShare::used() const {
    const std::lock_guard lock{budget_.mutex_};
    return used_;
}

}  // namespace aep::record
