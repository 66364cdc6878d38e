#include "delivery/job_queue.hpp"

#include <algorithm>
#include <utility>

namespace aep::delivery {

void JobQueue::push(Job job) {
    const std::uint64_t lane = job.batch->lane;
    (lane == 0 ? free_ : lanes_[lane].jobs).push_back(std::move(job));
}

std::optional<Job> JobQueue::take(base::SteadyTime now) {
    for (auto& [number, lane] : lanes_) {
        if (lane.shut || lane.jobs.empty() || lane.jobs.front().not_before > now) continue;
        lane.shut = true;
        Job job = std::move(lane.jobs.front());
        lane.jobs.pop_front();
        return job;
    }
    const auto due = std::ranges::find_if(free_, [now](const Job& job) { return job.not_before <= now; });
    if (due == free_.end()) return std::nullopt;
    Job job = std::move(*due);
    free_.erase(due);
    return job;
}

base::SteadyTime JobQueue::next_due() const {
    base::SteadyTime next = base::SteadyTime::max();
    for (const Job& job : free_) next = std::min(next, job.not_before);
    for (const auto& [number, lane] : lanes_) {
        if (!lane.shut && !lane.jobs.empty()) next = std::min(next, lane.jobs.front().not_before);
    }
    return next;
}

void JobQueue::done(std::uint64_t lane, std::vector<Job> again) {
    std::deque<Job>& jobs = lane == 0 ? free_ : lanes_[lane].jobs;
    jobs.insert(jobs.begin(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
    if (lane == 0) return;
    lanes_[lane].shut = false;
    if (jobs.empty()) lanes_.erase(lane);
}

std::size_t JobQueue::size() const {
    std::size_t count = free_.size();
    for (const auto& [number, lane] : lanes_) count += lane.jobs.size();
    return count;
}

}  // namespace aep::delivery
