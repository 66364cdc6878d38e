#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace aep::base {
namespace {

WallTime at(std::chrono::nanoseconds since_1970) {
    return WallTime{std::chrono::duration_cast<WallClock::duration>(since_1970)};
}

TEST(FormatRfc3339, IsUtcWithMilliseconds) {
    EXPECT_EQ(format_rfc3339(at(std::chrono::seconds{0})), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(format_rfc3339(at(std::chrono::milliseconds{1'769'860'800'123})), "2026-01-31T12:00:00.123Z");
    EXPECT_EQ(format_rfc3339(at(std::chrono::milliseconds{951'782'400'007})), "2000-02-29T00:00:00.007Z");
}

TEST(FormatRfc3339, CutsFinerPartsAlsoBefore1970) {
    EXPECT_EQ(format_rfc3339(at(std::chrono::nanoseconds{1'999'999})), "1970-01-01T00:00:00.001Z");
    EXPECT_EQ(format_rfc3339(at(std::chrono::nanoseconds{-1})), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace aep::base
