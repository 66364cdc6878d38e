#include "delivery/job_queue.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "delivery/fixture.hpp"

namespace aep::delivery {
namespace {

using namespace std::chrono_literals;

class JobQueueTest : public ::testing::Test {
  protected:
    void push(std::uint64_t lane, base::SteadyTime not_before = {}) {
        Job job{maker_.make(1, lane)};
        job.not_before = not_before;
        queue_.push(std::move(job));
    }
    /// The first message of the job that may leave now; "-" where none may.
    std::string take() {
        auto job = queue_.take(now_);
        if (!job) return "-";
        const std::string first = BatchMaker::messages_of(*job->batch).front();
        taken_.push_back(std::move(*job));
        return first;
    }
    /// What was taken `index`-th comes back as it is, to be sent again.
    void again(std::size_t index) {
        const std::uint64_t lane = taken_[index].batch->lane;
        std::vector<Job> left;
        left.push_back(std::move(taken_[index]));
        queue_.done(lane, std::move(left));
    }
    void finish(std::size_t index) { queue_.done(taken_[index].batch->lane, {}); }

    BatchMaker maker_;
    JobQueue queue_;
    std::vector<Job> taken_;
    base::SteadyTime now_ = base::SteadyClock::now();
};

TEST_F(JobQueueTest, IsFirstComeFirstServed) {
    push(0);
    push(0);
    EXPECT_EQ(take(), R"({"n":0})");
    EXPECT_EQ(take(), R"({"n":1})");
    EXPECT_EQ(take(), "-");
}

TEST_F(JobQueueTest, SendsAgainBeforeTheRest) {
    push(0);
    push(0);
    take();
    again(0);
    EXPECT_EQ(take(), R"({"n":0})");
}

TEST_F(JobQueueTest, LetsOneBatchOfALaneLeaveAtATime) {
    push(7);
    push(7);
    push(8);
    EXPECT_EQ(take(), R"({"n":0})");
    EXPECT_EQ(take(), R"({"n":2})") << "another lane";
    EXPECT_EQ(take(), "-");
    again(0);
    EXPECT_EQ(take(), R"({"n":0})") << "keeps its place";
    finish(2);
    EXPECT_EQ(take(), R"({"n":1})");
}

TEST_F(JobQueueTest, HoldsAJobUntilItsOwnWaitIsOver) {
    push(0, now_ + 5s);
    push(0);
    EXPECT_EQ(take(), R"({"n":1})");
    EXPECT_EQ(take(), "-");
    EXPECT_EQ(queue_.next_due(), now_ + 5s);
    now_ += 5s;
    EXPECT_EQ(take(), R"({"n":0})");
}

TEST_F(JobQueueTest, AWaitingJobHoldsItsLane) {
    push(7, now_ + 5s);
    push(7);
    EXPECT_EQ(take(), "-");
    now_ += 5s;
    EXPECT_EQ(take(), R"({"n":0})");
}

}  // namespace
}  // namespace aep::delivery
