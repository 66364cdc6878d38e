#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace aep::base {
namespace {

TEST(ParseBytes, ReadsBinaryAndDecimalUnits) {
    EXPECT_EQ(parse_bytes("512"), 512U);
    EXPECT_EQ(parse_bytes("512B"), 512U);
    EXPECT_EQ(parse_bytes("0"), 0U);
    EXPECT_EQ(parse_bytes("900KB"), 900'000U);
    EXPECT_EQ(parse_bytes("64KiB"), 65'536U);
    EXPECT_EQ(parse_bytes("2MB"), 2'000'000U);
    EXPECT_EQ(parse_bytes("1MiB"), 1_MiB);
    EXPECT_EQ(parse_bytes("1GB"), 1'000'000'000U);
    EXPECT_EQ(parse_bytes("3GiB"), 3_GiB);
}

TEST(ParseBytes, RefusesWhatItDoesNotKnow) {
    for (const char* text :
         {"", "B", "KiB", "-1", "+1", "1.5MiB", "1 MiB", " 1", "1kb", "1mib", "1TB", "1MiBs", "0x10"}) {
        EXPECT_FALSE(parse_bytes(text)) << text;
    }
}

TEST(ParseBytes, RefusesOverflow) {
    EXPECT_EQ(parse_bytes("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
    EXPECT_FALSE(parse_bytes("18446744073709551616"));
    EXPECT_EQ(parse_bytes("17179869183GiB"), 17'179'869'183ULL << 30U);
    EXPECT_FALSE(parse_bytes("17179869184GiB"));
}

TEST(FormatBytes, IsTheShortestExactSpelling) {
    EXPECT_EQ(format_bytes(0), "0");
    EXPECT_EQ(format_bytes(1023), "1023");
    EXPECT_EQ(format_bytes(1_MiB), "1MiB");
    EXPECT_EQ(format_bytes(1_GiB), "1GiB");
    EXPECT_EQ(format_bytes(900'000), "900KB");
    // Exact in KiB as well, but nobody would write 125000KiB.
    EXPECT_EQ(format_bytes(128'000'000), "128MB");
    EXPECT_EQ(format_bytes(10'000'000'000), "10GB");
}

TEST(FormatBytes, IsReadBackByParseBytes) {
    for (std::uint64_t bytes = 1; bytes < 1_GiB * 1024; bytes = bytes * 7 + bytes % 5) {
        EXPECT_EQ(parse_bytes(format_bytes(bytes)), bytes);
        EXPECT_EQ(parse_bytes(format_bytes(bytes * 1024)), bytes * 1024);
        EXPECT_EQ(parse_bytes(format_bytes(bytes * 1000)), bytes * 1000);
    }
}

TEST(HumanBytes, RoundsForPeople) {
    EXPECT_EQ(human_bytes(0), "0 B");
    EXPECT_EQ(human_bytes(1023), "1023 B");
    EXPECT_EQ(human_bytes(1536), "1.5 KiB");
    EXPECT_EQ(human_bytes(5_MiB), "5.0 MiB");
    EXPECT_EQ(human_bytes(5_GiB), "5.0 GiB");
}

}  // namespace
}  // namespace aep::base
