#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "delivery/job.hpp"

namespace aep::delivery {

/// The batches of one destination that wait to be sent: each stream, and each lane of ordered streams, in
/// turn; within it first come, first served, and what is sent again first. Batches of one lane leave one at a
/// time, and what comes back of one keeps its place before the next. Confined.
class JobQueue {
  public:
    void push(Job job);
    /// Before everything else of its turn.
    void push_front(Job job);
    /// The next job that may leave now. Its lane is shut until done().
    [[nodiscard]] std::optional<Job> take(base::SteadyTime now);
    /// What waits alone need not wait any longer.
    void hurry();
    /// When take() may have something because of a job's own wait; SteadyTime::max() where none waits.
    [[nodiscard]] base::SteadyTime next_due() const;

    /// Whose turn a batch belongs to.
    struct Turn {
        const record::StreamInfo* stream = nullptr;  ///< of what is not ordered
        std::uint64_t lane = 0;                      ///< 0: not ordered
        friend auto operator<=>(const Turn&, const Turn&) = default;
    };
    /// A lane is known by its number alone: a reload replaces the StreamInfo of its later batches.
    [[nodiscard]] static Turn turn_of(const record::Batch& batch) {
        return {.stream = batch.lane == 0 ? batch.stream.get() : nullptr, .lane = batch.lane};
    }
    /// What take() gave is through; `again` is what is left of it, in order, to be sent before the rest of
    /// its turn.
    void done(Turn turn, std::vector<Job> again);

    [[nodiscard]] std::size_t size() const { return size_; }
    void for_each(const std::function<void(const record::Batch&)>& visit) const;

  private:
    struct Line {
        std::deque<Job> jobs;
        bool shut = false;
        std::shared_ptr<const record::StreamInfo> stream;  ///< so that no other gets its address
    };
    [[nodiscard]] static std::optional<Job> take_from(Line& line, bool ordered, base::SteadyTime now);

    std::map<Turn, Line> lines_;
    Turn last_;  ///< whose turn it was
    std::size_t size_ = 0;
};

}  // namespace aep::delivery
