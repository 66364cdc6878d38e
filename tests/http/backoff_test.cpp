#include "http/backoff.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace aep::http {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesItsBoundUpToTheMost) {
    const Backoff backoff{{.initial = 500ms, .max = 60s}, [] { return 0.5; }};
    EXPECT_EQ(backoff.bound(1), 500ms);
    EXPECT_EQ(backoff.bound(2), 1s);
    EXPECT_EQ(backoff.bound(7), 32s);
    EXPECT_EQ(backoff.bound(8), 60s);
    EXPECT_EQ(backoff.bound(4'000'000), 60s);
}

TEST(Backoff, SpreadsItsWaitsOverTheWholeBound) {
    double random = 0;
    const Backoff backoff{{.initial = 1s, .max = 60s}, [&random] { return random; }};
    EXPECT_EQ(backoff.wait(1), 1ms) << "never zero, so that nothing spins";
    random = 0.5;
    EXPECT_EQ(backoff.wait(1), 500ms);
    random = 0.999999;
    EXPECT_LE(backoff.wait(3), 4s);
    EXPECT_GE(backoff.wait(3), 3900ms);
}

}  // namespace
}  // namespace aep::http
