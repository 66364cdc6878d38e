#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

namespace aep::record {

class MemoryShare;

/// The bound behind `memory_limit`: the capacity of Blocks, open and sealed batches, requests in flight or
/// waiting for retry, and dead letters not yet written.
///
/// Each destination has a share. Half of the limit is split equally among the shares and never lent; the
/// other half goes to whoever needs it. So a dead destination, which in time holds all that it can get, stops
/// only the sources that feed it. A single destination has the whole limit.
///
/// Only sources wait (MemoryShare::take); what is already on its way is only counted (Lease::resize), so that
/// the stages behind the sources can always finish. Guarded by one mutex, taken per Block and per batch.
class MemoryBudget {
  public:
    explicit MemoryBudget(std::size_t limit) : limit_{limit} {}

    /// The destination's share, which lives as long as the budget; the same one where it had one before.
    MemoryShare& add_share(const std::string& destination);
    /// The destination is gone: the others have its part.
    void retire_share(const std::string& destination);
    void set_limit(std::size_t limit);

    [[nodiscard]] std::size_t limit() const;
    [[nodiscard]] std::size_t used() const;

  private:
    friend class MemoryShare;
    friend class Lease;

    [[nodiscard]] bool fits(const MemoryShare& share, std::size_t bytes) const;
    [[nodiscard]] std::size_t guaranteed() const;

    mutable std::mutex mutex_;
    std::size_t limit_;
    std::condition_variable_any freed_;
    std::list<MemoryShare> shares_;
    std::size_t active_ = 0;  ///< shares that are not retired
};

/// Bytes taken from a share, given back on destruction. Move-only. Confined, like what it pays for.
class Lease {
  public:
    Lease() = default;
    Lease(Lease&& other) noexcept
        : share_{std::exchange(other.share_, nullptr)},
          bytes_{std::exchange(other.bytes_, 0)},
          kept_{std::exchange(other.kept_, false)} {}
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { resize(0); }

    /// Counts `bytes` from now on. Never waits and may pass the limit: for what is already on its way.
    void resize(std::size_t bytes);
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    /// An empty Lease of the same share.
    [[nodiscard]] Lease reopen() const { return Lease{share_, 0}; }
    /// The share it was taken from; null for a default Lease.
    [[nodiscard]] MemoryShare* share() const { return share_; }

  private:
    friend class MemoryShare;
    Lease(MemoryShare* share, std::size_t bytes, bool kept = false)
        : share_{share}, bytes_{bytes}, kept_{kept} {}

    MemoryShare* share_ = nullptr;
    std::size_t bytes_ = 0;
    bool kept_ = false;  ///< see MemoryShare::open_kept()
};

/// One destination's part of the budget.
class MemoryShare {
  public:
    MemoryShare(MemoryBudget& budget, std::string destination)
        : budget_{budget}, destination_{std::move(destination)} {}
    MemoryShare(const MemoryShare&) = delete;
    MemoryShare& operator=(const MemoryShare&) = delete;

    /// Waits until `bytes` fit, or a stop is asked for (then the Lease is empty: share() is null). A request
    /// larger than all that could ever be free is granted when the share is empty. For sources.
    [[nodiscard]] Lease take(std::size_t bytes, const std::stop_token& stop);

    /// The same for so long at most; then an empty Lease as well.
    [[nodiscard]] Lease take_within(std::size_t bytes, std::chrono::milliseconds most,
                                    const std::stop_token& stop);

    /// The same without waiting: an empty Lease where it does not fit now.
    [[nodiscard]] Lease try_take(std::size_t bytes);

    /// An empty Lease to be resized: for what is already on its way.
    [[nodiscard]] Lease open() { return Lease{this, 0}; }

    /// The same for what a source keeps between Blocks: incomplete records, which nobody behind it can free.
    [[nodiscard]] Lease open_kept() { return Lease{this, 0, true}; }

    /// Nothing but that is left, and it takes more than half of what the share can be sure of: who waits now
    /// may wait for ever.
    [[nodiscard]] bool crowded() const;

    [[nodiscard]] std::size_t used() const;
    [[nodiscard]] const std::string& destination() const { return destination_; }

  private:
    friend class MemoryBudget;
    friend class Lease;

    MemoryBudget& budget_;
    const std::string destination_;
    // Guarded by the budget's mutex.
    std::size_t used_ = 0;
    std::size_t kept_ = 0;  ///< of it
    bool retired_ = false;
};

}  // namespace aep::record
