#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/environment.hpp"
#include "telemetry/health.hpp"

namespace aep::store {

/// What readiness says of a commit that failed.
[[nodiscard]] const char* short_reason(const base::Error& error);

/// Something with changes to be made durable.
class Committed {
  public:
    virtual ~Committed() = default;

    /// Puts everything that waits into the transaction; called by one thread at a time. What was put in once
    /// stays with the participant, and goes into the next transaction again, until committed() is called:
    /// nothing is lost by a transaction that fails.
    [[nodiscard]] virtual base::Result<void> write(Transaction& transaction) = 0;
    /// What the last write() put in is on disk.
    virtual void committed() = 0;
    /// The disk or the map is full: removes what can be removed and puts nothing in. Its removals are part of
    /// the next write() all the same.
    [[nodiscard]] virtual base::Result<void> release(Transaction& /*transaction*/) { return {}; }
};

/// The thread that commits: gathers what moved and commits it together, synced, at most every kEvery.
///
/// A commit that fails (full disk, full map, I/O error) is tried again with growing pauses, without end; the
/// log says why, readiness says that there is trouble, and what waits stays in memory. Free-threaded.
class Committer {
  public:
    static constexpr std::chrono::milliseconds kEvery{100};

    /// All references outlive it.
    Committer(Environment& environment, telemetry::Health& health);
    /// As close().
    ~Committer();
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;

    /// Takes part from the next commit on, until close(). All write into one transaction, the newest
    /// participant first: what a buffer's batches move is in the positions that come after it.
    void add(Committed& participant);
    /// Takes part in no commit any more when it returns. What it still waits to have written is not.
    void remove(Committed& participant);
    /// Commits what waits if that works at once, and ends. Idempotent.
    void close();

    /// Something waits; `at_once`: so much that it should not wait for its time.
    void notice(bool at_once = false);
    /// Commits what waits now, without the pause. False: it could not within `timeout`.
    [[nodiscard]] bool flush(std::chrono::milliseconds timeout);

  private:
    void run(const std::stop_token& stop);
    [[nodiscard]] bool wait_for_work(const std::stop_token& stop);
    [[nodiscard]] base::Result<void> commit();
    void release();
    void succeeded(std::uint64_t upto);
    void failed(const base::Error& error);

    Environment& environment_;
    telemetry::Health& health_;
    std::vector<Committed*> writing_;  ///< those in the transaction under way; changed by the thread alone

    std::mutex mutex_;
    std::vector<Committed*> participants_;
    bool is_writing_ = false;
    std::condition_variable_any changed_;
    std::uint64_t noticed_ = 0;    ///< calls of notice() and flush() so far
    std::uint64_t committed_ = 0;  ///< those of them whose changes are on disk
    bool hurry_ = false;           ///< somebody waits in flush()
    base::SteadyTime not_before_ = {};
    std::chrono::milliseconds backoff_{0};  ///< not zero while commits fail

    std::jthread thread_;  ///< last: stops before the rest goes
};

}  // namespace aep::store
