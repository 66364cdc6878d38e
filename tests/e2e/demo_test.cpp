#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "harness/agent_process.hpp"
#include "harness/process.hpp"

namespace aep::e2e {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

TEST(Demo, NeedsNothingAndAccountsForEveryRecord) {
    const TempDir dir;
    const Outcome outcome = run_command({"demo"}, dir.path());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("Every record is accounted for."));
    EXPECT_THAT(outcome.out, ContainsRegex("read +22,007\n"));
    EXPECT_THAT(outcome.out,
                ContainsRegex("delivered +22,000   the inlet counted 22,000 accepted messages\n"));
    EXPECT_THAT(outcome.out, ContainsRegex("dead-lettered +7\n"));
    for (const char* code : {"invalid_json", "invalid_utf8", "number_out_of_range", "timestamp_in_future",
                             "timestamp_invalid", "timestamp_missing", "identity_map_invalid"}) {
        EXPECT_THAT(outcome.out, HasSubstr(code));
    }
}

TEST(Demo, StaysWithServeUntilItIsInterrupted) {
    const TempDir dir;
    Process demo{{.command = {AEP_AGENT_BINARY, "demo", "--serve", "--events", "500"},
                  .directory = dir.path(),
                  .name = "demo"}};
    ASSERT_TRUE(eventually([&] { return demo.out().find("Still running") != std::string::npos; }))
        << demo.out() << demo.err();
    EXPECT_THAT(demo.out(), ContainsRegex("metrics +http://localhost:[0-9]+/metrics"));
    EXPECT_TRUE(throughout([&] { return demo.is_running(); }, milliseconds{300}));

    demo.signal(SIGINT);

    EXPECT_EQ(demo.wait(), 0) << demo.err();
}

}  // namespace
}  // namespace aep::e2e
