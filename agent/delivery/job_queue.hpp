#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "record/batch.hpp"

namespace aep::delivery {

/// A batch on its way, with its history.
struct Job {
    record::BatchPtr batch;
    unsigned attempts = 0;                ///< how often it was sent
    unsigned server_errors = 0;           ///< 500s among the answers
    base::SteadyTime failing_since = {};  ///< its first 500, or when it was split because of them
    base::SteadyTime first_tried = {};    ///< unset before the first attempt
    base::SteadyTime not_before = {};     ///< its own wait

    explicit Job(record::BatchPtr owned) : batch{std::move(owned)} {}
};

/// The batches of one destination that wait to be sent: first come, first served, what is sent again first.
/// Batches of one lane (ordered streams) leave one at a time, and what comes back of one keeps its place
/// before the next. Confined.
class JobQueue {
  public:
    void push(Job job);
    /// The next job that may leave now. Its lane is shut until done().
    [[nodiscard]] std::optional<Job> take(base::SteadyTime now);
    /// When take() may have something because of a job's own wait; SteadyTime::max() where none waits.
    [[nodiscard]] base::SteadyTime next_due() const;
    /// What take() gave is through; `again` is what is left of it, in order, to be sent before the rest of
    /// its lane.
    void done(std::uint64_t lane, std::vector<Job> again);

    [[nodiscard]] std::size_t size() const;

  private:
    struct Lane {
        std::deque<Job> jobs;
        bool shut = false;
    };
    std::deque<Job> free_;  ///< of no lane
    std::map<std::uint64_t, Lane> lanes_;
};

}  // namespace aep::delivery
