#include "app/demo_records.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

namespace aep::app {
namespace {

TEST(DemoRecords, AreOneJsonObjectALine) {
    for (std::uint64_t i = 0; i < 500; ++i) {
        for (const std::string& line : {demo_event(i, base::WallClock::now()), demo_profile(i)}) {
            ASSERT_EQ(line.find('\n'), line.size() - 1) << line;
            ASSERT_TRUE(boost::json::parse(line).is_object()) << line;
        }
    }
}

TEST(DemoRecords, BrokenOnesAreOneLineEach) {
    for (const std::string& line : demo_broken_events(base::WallClock::now())) {
        EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    }
}

}  // namespace
}  // namespace aep::app
