#include "record/memory_budget.hpp"

#include <algorithm>
#include <utility>

namespace aep::record {

MemoryShare& MemoryBudget::add_share(const std::string& destination) {
    const std::lock_guard lock{mutex_};
    for (MemoryShare& share : shares_) {
        if (share.destination_ != destination) continue;
        if (std::exchange(share.retired_, false)) ++active_;
        return share;
    }
    ++active_;
    return shares_.emplace_back(*this, destination);
}

void MemoryBudget::retire_share(const std::string& destination) {
    {
        const std::lock_guard lock{mutex_};
        for (MemoryShare& share : shares_) {
            if (share.destination_ == destination && !std::exchange(share.retired_, true)) --active_;
        }
    }
    freed_.notify_all();
}

void MemoryBudget::set_limit(std::size_t limit) {
    {
        const std::lock_guard lock{mutex_};
        limit_ = limit;
    }
    freed_.notify_all();
}

std::size_t MemoryBudget::limit() const {
    const std::lock_guard lock{mutex_};
    return limit_;
}

std::size_t MemoryBudget::used() const {
    const std::lock_guard lock{mutex_};
    std::size_t total = 0;
    for (const MemoryShare& share : shares_) total += share.used_;
    return total;
}

std::size_t MemoryBudget::guaranteed() const {
    return active_ < 2 ? limit_ : limit_ / 2 / active_;
}

bool MemoryBudget::fits(const MemoryShare& asking, std::size_t bytes) const {
    if (asking.used_ == 0) return true;
    const std::size_t own = guaranteed();
    if (asking.used_ + bytes <= own) return true;
    // What the others use of the common half, beyond their own guarantees; of those that are retired, all.
    const std::size_t common = limit_ - own * active_;
    std::size_t lent = asking.used_ + bytes - own;
    for (const MemoryShare& share : shares_) {
        const std::size_t guaranteed_to_it = share.retired_ ? 0 : own;
        if (&share != &asking && share.used_ > guaranteed_to_it) lent += share.used_ - guaranteed_to_it;
    }
    return lent <= common;
}

Lease& Lease::operator=(Lease&& other) noexcept {
    if (this != &other) {
        resize(0);
        share_ = std::exchange(other.share_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
        kept_ = std::exchange(other.kept_, false);
    }
    return *this;
}

void Lease::resize(std::size_t bytes) {
    if (share_ == nullptr || bytes == bytes_) return;
    MemoryBudget& budget = share_->budget_;
    {
        const std::lock_guard lock{budget.mutex_};
        share_->used_ = share_->used_ + bytes - bytes_;
        if (kept_) share_->kept_ = share_->kept_ + bytes - bytes_;
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

Lease MemoryShare::take_within(std::size_t bytes, std::chrono::milliseconds most,
                               const std::stop_token& stop) {
    std::unique_lock lock{budget_.mutex_};
    if (!budget_.freed_.wait_for(lock, stop, most, [&] { return budget_.fits(*this, bytes); })) return {};
    used_ += bytes;
    return Lease{this, bytes};
}

bool MemoryShare::crowded() const {
    const std::lock_guard lock{budget_.mutex_};
    return used_ == kept_ && kept_ > budget_.guaranteed() / 2;
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
