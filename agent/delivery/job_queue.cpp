#include "delivery/job_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace aep::delivery {

void JobQueue::push(Job job) {
    Line& line = lines_[turn_of(*job.batch)];
    line.stream = job.batch->stream;
    line.jobs.push_back(std::move(job));
    ++size_;
}

void JobQueue::push_front(Job job) {
    Line& line = lines_[turn_of(*job.batch)];
    line.stream = job.batch->stream;
    line.jobs.push_front(std::move(job));
    ++size_;
}

std::optional<Job> JobQueue::take_from(Line& line, bool ordered, base::SteadyTime now) {
    if (line.shut) return std::nullopt;
    const auto end = ordered && !line.jobs.empty() ? std::next(line.jobs.begin()) : line.jobs.end();
    const auto due =
        std::find_if(line.jobs.begin(), end, [now](const Job& job) { return job.not_before <= now; });
    if (due == end) return std::nullopt;
    Job job = std::move(*due);
    line.jobs.erase(due);
    line.shut = ordered;
    return job;
}

std::optional<Job> JobQueue::take(base::SteadyTime now) {
    auto at = lines_.upper_bound(last_);
    for (std::size_t tried = 0; tried < lines_.size(); ++tried, ++at) {
        if (at == lines_.end()) at = lines_.begin();
        std::optional<Job> job = take_from(at->second, at->first.lane != 0, now);
        if (!job) continue;
        last_ = at->first;
        --size_;
        if (!at->second.shut && at->second.jobs.empty()) lines_.erase(at);
        return job;
    }
    return std::nullopt;
}

void JobQueue::hurry() {
    for (auto& [turn, line] : lines_) {
        for (Job& job : line.jobs) job.not_before = {};
    }
}

void JobQueue::for_each(const std::function<void(const record::Batch&)>& visit) const {
    for (const auto& [turn, line] : lines_) {
        for (const Job& job : line.jobs) visit(*job.batch);
    }
}

base::SteadyTime JobQueue::next_due() const {
    base::SteadyTime next = base::SteadyTime::max();
    for (const auto& [turn, line] : lines_) {
        if (line.shut) continue;
        for (const Job& job : line.jobs) {
            next = std::min(next, job.not_before);
            if (turn.lane != 0) break;
        }
    }
    return next;
}

void JobQueue::done(Turn turn, std::vector<Job> again) {
    const auto found = lines_.find(turn);
    if (found != lines_.end()) found->second.shut = false;
    if (again.empty()) {
        if (found != lines_.end() && found->second.jobs.empty()) lines_.erase(found);
        return;
    }
    Line& line = lines_[turn];
    line.stream = again.front().batch->stream;
    size_ += again.size();
    line.jobs.insert(line.jobs.begin(), std::make_move_iterator(again.begin()),
                     std::make_move_iterator(again.end()));
}

}  // namespace aep::delivery
