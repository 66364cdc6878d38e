#include "telemetry/health.hpp"

#include <gtest/gtest.h>

namespace aep::telemetry {
namespace {

TEST(Health, IsNotReadyBeforeTheStagesRun) {
    Health health;
    EXPECT_FALSE(health.ready());
    EXPECT_EQ(health.report(), "agent: starting or draining\n");
    health.set_running(true);
    EXPECT_TRUE(health.ready());
    EXPECT_EQ(health.report(), "");
    health.set_running(false);
    EXPECT_FALSE(health.ready());
}

TEST(Health, NamesEveryTroubleUntilItGoes) {
    Health health;
    health.set_running(true);
    health.set_trouble("destination inlet", "unreachable");
    health.set_trouble("dead_letter", "disk full");
    EXPECT_FALSE(health.ready());
    EXPECT_EQ(health.report(), "dead_letter: disk full\ndestination inlet: unreachable\n");
    health.clear_trouble("dead_letter");
    EXPECT_FALSE(health.ready());
    health.clear_trouble("destination inlet");
    EXPECT_TRUE(health.ready());
}

TEST(Health, KeepsTheNewestReasonOfASubject) {
    Health health;
    health.set_running(true);
    health.set_trouble("destination inlet", "unreachable");
    health.set_trouble("destination inlet", "unauthorized");
    EXPECT_EQ(health.report(), "destination inlet: unauthorized\n");
    health.set_running(false);
    EXPECT_EQ(health.report(), "agent: starting or draining\ndestination inlet: unauthorized\n");
    EXPECT_EQ(health.troubles(), "destination inlet: unauthorized\n");
    health.set_running(true);
    health.clear_trouble("never reported");
    EXPECT_FALSE(health.ready());
}

}  // namespace
}  // namespace aep::telemetry
