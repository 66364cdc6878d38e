#include "inlet/rate_limit.hpp"

#include <gmock/gmock.h>

#include <chrono>

#include "inlet/running_inlet.hpp"
#include "inlet/samples.hpp"

namespace aep::inlet {
namespace {

using namespace std::chrono_literals;

TEST(RateLimit, HoldsASecondsWorthAndRefillsEvenly) {
    RateLimit limit{100};
    const base::SteadyTime now = base::SteadyTime{} + 1h;
    EXPECT_FALSE(limit.take(60, now));
    EXPECT_FALSE(limit.take(40, now));
    EXPECT_EQ(limit.take(1, now), 1s);
    EXPECT_EQ(limit.take(11, now + 100ms), 1s);
    EXPECT_FALSE(limit.take(10, now + 100ms));
    EXPECT_FALSE(limit.take(100, now + 1h)) << "not more than a second's worth is saved up";
    EXPECT_TRUE(limit.take(1, now + 1h));
}

TEST(RateLimit, TakesWhatIsLargerThanItFromAFullBucket) {
    RateLimit limit{10};
    EXPECT_FALSE(limit.take(50, base::SteadyTime{} + 1h));
    EXPECT_TRUE(limit.take(50, base::SteadyTime{} + 1h));
    EXPECT_FALSE(RateLimit{0}.take(1'000'000, base::SteadyTime{}));
}

class Limited : public RunningInlet {};

TEST_F(Limited, InletAnswers429AndCounts) {
    options.limits.messages_per_second = 2;
    start();
    const auto post = [&] {
        return connect()->post("/collection/batch/abc",
                               batch_of({message_with_id("a"), message_with_id("b")}));
    };
    EXPECT_EQ(post().status, 207);
    const Answer answer = post();
    EXPECT_EQ(answer.status, 429);
    EXPECT_THAT(answer.head, testing::HasSubstr("Retry-After: 1\r\n"));
    EXPECT_EQ(inlet->stats().accepted, 2U);
    EXPECT_THAT(connect()->get("/inlet/traffic").body,
                testing::MatchesRegex(R"(.*"messages":\[2.*"throttled":\[.*1.*)"));
}

}  // namespace
}  // namespace aep::inlet
