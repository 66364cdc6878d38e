#include "delivery/governor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <vector>

#include "delivery/traffic.hpp"

namespace aep::delivery {
namespace {

using namespace std::chrono_literals;

struct Sent {
    base::SteadyTime at;
    std::size_t messages;
};

/// The most that any second holds.
std::size_t busiest_second(const std::vector<Sent>& sent, bool messages) {
    std::size_t most = 0;
    std::size_t sum = 0;
    for (std::size_t begin = 0, end = 0; end < sent.size(); ++end) {
        sum += messages ? sent[end].messages : 1;
        while (sent[end].at - sent[begin].at >= 1s) sum -= messages ? sent[begin++].messages : (++begin, 1);
        most = std::max(most, sum);
    }
    return most;
}

/// A sender that always has something to send, whose timers wake late by up to `lateness`.
std::vector<Sent> send_for(std::chrono::seconds duration, Governor& governor, std::size_t most_messages,
                           std::chrono::microseconds lateness) {
    std::mt19937 random{7};
    std::vector<Sent> sent;
    const base::SteadyTime begin = base::SteadyTime{} + 1h;
    base::SteadyTime now = begin;
    while (now < begin + duration) {
        const std::size_t messages = 1 + random() % most_messages;
        const Slot slot = governor.reserve(messages, now);
        if (slot.at > now) now = slot.at + lateness * (random() % 100) / 100;
        sent.push_back({now, messages});
        if (random() % 500 == 0) now += 200ms;  // nothing to send for a while, which must not be made up for
    }
    return sent;
}

std::size_t total(const std::vector<Sent>& sent) {
    std::size_t sum = 0;
    for (const Sent& one : sent) sum += one.messages;
    return sum;
}

TEST(Governor, NeverLetsMoreMessagesThanTheLimitAndOneBatchLeaveInASecond) {
    Governor governor{{.requests_per_second = std::nullopt, .messages_per_second = 10'000, .share = 1}};
    const auto sent = send_for(60s, governor, 500, 2ms);
    EXPECT_LE(busiest_second(sent, true), 10'500U);
    EXPECT_GE(total(sent), 60U * 9'500U);
}

TEST(Governor, NeverLetsMoreRequestsThanTheLimitAndOneLeaveInASecond) {
    Governor governor{{.requests_per_second = 1'000, .messages_per_second = std::nullopt, .share = 1}};
    const auto sent = send_for(60s, governor, 5, 2ms);
    EXPECT_LE(busiest_second(sent, false), 1'001U);
    EXPECT_GE(sent.size(), 60U * 750U) << "late timers are made up for";
}

TEST(Governor, KeepsBothLimitsAndSaysWhichOneItIs) {
    Governor governor{{.requests_per_second = 10, .messages_per_second = 1'000, .share = 1}};
    const base::SteadyTime now = base::SteadyTime{} + 1h;
    EXPECT_EQ(governor.reserve(1, now).at, now);
    const Slot second = governor.reserve(500, now);
    EXPECT_EQ(second.by, "requests_per_second");
    EXPECT_NEAR(std::chrono::duration<double>(second.at - now).count(), 0.1 / 0.99, 0.011);
    const Slot third = governor.reserve(1, now);
    EXPECT_EQ(third.by, "messages_per_second");
    EXPECT_NEAR(std::chrono::duration<double>(third.at - now).count(), 0.6 / 0.99, 0.022);
}

TEST(Governor, TakesItsShareOnly) {
    Governor governor{{.requests_per_second = std::nullopt, .messages_per_second = 10'000, .share = 0.1}};
    const auto sent = send_for(20s, governor, 50, 0us);
    EXPECT_LE(busiest_second(sent, true), 1'050U);
}

TEST(Governor, GivesEachDestinationItsTurn) {
    Governor governor{{.requests_per_second = 100, .messages_per_second = std::nullopt, .share = 1}};
    const base::SteadyTime now = base::SteadyTime{} + 1h;
    base::SteadyTime one = now;
    base::SteadyTime other = now;
    int turns_of_one = 0;
    int turns = 0;
    for (; turns < 1'000; ++turns) {  // each asks again when its slot has come
        base::SteadyTime& next = one <= other ? one : other;
        turns_of_one += &next == &one ? 1 : 0;
        next = governor.reserve(1, next).at;
    }
    EXPECT_NEAR(turns_of_one, turns / 2, 5);
}

TEST(Limits, BoundBatchesToATwentiethOfASecond) {
    LimitOptions limits;
    EXPECT_EQ(limits.batch_messages(5'000), 500U);
    EXPECT_EQ(limits.batch_messages(100), 100U);
    limits.share = 0.001;
    EXPECT_EQ(limits.batch_messages(5'000), 1U);
    limits.messages_per_second.reset();
    EXPECT_EQ(limits.batch_messages(5'000), 5'000U);
}

TEST(Traffic, IsSharedByPlatformAndByInlet) {
    Traffic traffic;
    traffic.set_platform("main", {});
    EXPECT_NE(traffic.governor("main"), nullptr);
    EXPECT_EQ(traffic.governor("main"), traffic.governor("main"));
    EXPECT_EQ(traffic.governor(""), nullptr);
    const auto url = [](const char* text) { return http::parse_https_url(text).value(); };
    InletTraffic& inlet = traffic.inlet(url("https://a.example/collection/x"));
    EXPECT_EQ(&traffic.inlet(url("https://a.example:443/collection/x")), &inlet);
    EXPECT_NE(&traffic.inlet(url("https://a.example/collection/y")), &inlet);
    EXPECT_NE(&traffic.inlet(url("https://b.example/collection/x")), &inlet);
}

TEST(Governor, TakesOtherLimitsAndForgetsNothing) {
    Governor governor{{.requests_per_second = 10, .messages_per_second = std::nullopt, .share = 1}};
    const base::SteadyTime now = base::SteadyTime{} + 1h;
    for (int i = 0; i < 10; ++i) (void)governor.reserve(1, now);  // a second's requests are gone
    governor.set_limits({.requests_per_second = 1000, .messages_per_second = std::nullopt, .share = 1});
    EXPECT_GE(governor.reserve(1, now).at, now + 900ms);
    EXPECT_LE(governor.reserve(1, now).at, now + 1100ms);
    governor.set_limits(
        {.requests_per_second = std::nullopt, .messages_per_second = std::nullopt, .share = 1});
    EXPECT_EQ(governor.reserve(1, now).at, now);
}

}  // namespace
}  // namespace aep::delivery
