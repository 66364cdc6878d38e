#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "record/position_store.hpp"
#include "store/committer.hpp"
#include "store/environment.hpp"
#include "telemetry/health.hpp"

namespace aep::store {

/// The durable positions. Between commits only what moved is in memory, at most one entry per file; a
/// position on disk never goes backward. Guarded by one mutex, taken per Ack.
class PositionKeeper final : public record::PositionStore, public Committed {
  public:
    /// How often marks are looked through for those to be forgotten. Not at the start: the sources must have
    /// said first which files are still there.
    static constexpr std::chrono::hours kSweepEvery{2};

    /// Both outlive it.
    PositionKeeper(Environment& environment, telemetry::Health& health)
        : environment_{environment}, health_{health} {}

    /// `notice` is called whenever something waits to be committed.
    void on_change(std::function<void()> notice) { notice_ = std::move(notice); }

    [[nodiscard]] std::vector<record::FileMark> recall(const std::string& source) override;
    [[nodiscard]] bool scanned_before(const std::string& source) override;
    [[nodiscard]] base::Result<void> mark_scanned(const std::string& source) override;
    [[nodiscard]] base::Result<void> remember(std::span<const record::FileMark> marks) override;
    void update(const record::FileMark& mark) override;
    void move_to(const record::Origin& origin, std::uint64_t position, const record::Tail& tail) override;
    void forget(const std::string& source, const std::string& generation) override;

    [[nodiscard]] base::Result<void> write(Transaction& transaction) override;
    void committed() override;

    /// Forgets what is stale at `now`. Durable with the next commit.
    void sweep(base::WallTime now);

  private:
    struct Change {
        std::optional<record::FileMark> mark;  ///< replaces all but the position and the tail
        std::uint64_t position = 0;            ///< moves there where that is forward
        record::Tail tail = {};                ///< not behind the position
        bool forgotten = false;
    };
    using Changes = std::map<std::string, Change>;  ///< by key

    [[nodiscard]] static base::Result<void> apply(Transaction& transaction, const std::string& key,
                                                  const Change& change);
    static void merge(Change& into, const Change& next);
    void change(std::string key, const Change& change);
    void report_damaged(const std::string& source, const std::string& generation, const std::string& path);
    void sweep_when_due();

    [[nodiscard]] base::Result<void> try_to_remember(std::span<const record::FileMark> marks);

    Environment& environment_;
    telemetry::Health& health_;
    std::function<void()> notice_ = [] {};

    std::mutex mutex_;
    Changes waiting_;
    Changes writing_;  ///< in the transaction under way; confined to the committing thread

    base::SteadyTime last_sweep_ = base::SteadyClock::now();  ///< confined to the committing thread
    base::WallTime last_sweep_wall_ = base::WallClock::now();
};

}  // namespace aep::store
