#include "app/progress_line.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace aep::app {
namespace {

TEST(ProgressLine, ShowsShareRateAndTimeLeft) {
    const SendProgress progress{.settled_bytes = 50 << 20U,
                                .total_bytes = 100 << 20U,
                                .settled_records = 80'000,
                                .elapsed = std::chrono::seconds{10}};
    EXPECT_EQ(render_progress(progress, 200),
              "[============>           ]  50%  5.0 MiB/s  8000 records/s  10 s left");
}

TEST(ProgressLine, ShowsBytesWhereTheTotalIsNotKnown) {
    const SendProgress progress{.settled_bytes = 3 << 20U,
                                .total_bytes = 0,
                                .settled_records = 10,
                                .elapsed = std::chrono::seconds{1}};
    EXPECT_EQ(render_progress(progress, 200), "3.0 MiB  3.0 MiB/s  10 records/s");
}

TEST(ProgressLine, FitsTheTerminal) {
    const SendProgress progress{.settled_bytes = 1, .total_bytes = 2, .settled_records = 1, .elapsed = {}};
    EXPECT_LE(render_progress(progress, 20).size(), 20U);
}

TEST(ProgressLine, StartsAtNothing) {
    EXPECT_EQ(render_progress({.total_bytes = 10}, 200),
              "[>                       ]   0%  0 B/s  0 records/s");
}

}  // namespace
}  // namespace aep::app
