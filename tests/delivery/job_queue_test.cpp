#include "delivery/job_queue.hpp"

#include <gmock/gmock.h>
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
        const JobQueue::Turn turn = JobQueue::turn_of(*taken_[index].batch);
        std::vector<Job> left;
        left.push_back(std::move(taken_[index]));
        queue_.done(turn, std::move(left));
    }
    void finish(std::size_t index) { queue_.done(JobQueue::turn_of(*taken_[index].batch), {}); }

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

TEST_F(JobQueueTest, ServesLanesAndWhatHasNoneInTurn) {
    for (int i = 0; i < 3; ++i) push(7);  // 0 to 2
    for (int i = 0; i < 3; ++i) push(0);  // 3 to 5
    for (int i = 0; i < 3; ++i) push(8);  // 6 to 8
    std::vector<std::string> order;
    for (std::size_t i = 0; i < 9; ++i) {
        order.push_back(take());
        finish(i);
    }
    EXPECT_THAT(order,
                testing::ElementsAre(R"({"n":0})", R"({"n":6})", R"({"n":3})", R"({"n":1})", R"({"n":7})",
                                     R"({"n":4})", R"({"n":2})", R"({"n":8})", R"({"n":5})"));
    EXPECT_EQ(take(), "-");
}

TEST_F(JobQueueTest, PutsAHalfBeforeTheRestOfItsLane) {
    push(7);
    push(7);
    take();
    Job half{maker_.make(1, 7)};  // 2
    queue_.push_front(std::move(half));
    EXPECT_EQ(take(), "-") << "still one at a time";
    finish(0);
    EXPECT_EQ(take(), R"({"n":2})");
    EXPECT_EQ(queue_.size(), 1U);
}

TEST_F(JobQueueTest, AWaitingJobHoldsItsLane) {
    push(7, now_ + 5s);
    push(7);
    EXPECT_EQ(take(), "-");
    now_ += 5s;
    EXPECT_EQ(take(), R"({"n":0})");
}

TEST_F(JobQueueTest, WaitsNoLongerWhenToldToHurry) {
    push(0, now_ + 5s);
    push(7, now_ + 5s);
    EXPECT_EQ(take(), "-");
    queue_.hurry();
    EXPECT_NE(take(), "-");
    EXPECT_NE(take(), "-");
}

}  // namespace
}  // namespace aep::delivery
