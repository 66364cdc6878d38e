#include "telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/version.hpp"

namespace aep::telemetry {
namespace {

using testing::HasSubstr;

TEST(Metrics, TellTheVersionThatRuns) {
    const Metrics metrics;
    EXPECT_THAT(metrics.text(),
                HasSubstr("aep_agent_build_info{version=\"" + std::string{base::kVersion} + "\"} 1"));
}

TEST(Metrics, ShowCountersGaugesAndHistograms) {
    Metrics metrics;
    metrics.counter("c_total", "Counts.", {{"source", "web"}}).Increment(3);
    metrics.gauge("g", "Goes up and down.").Set(2.5);
    metrics.histogram("h", "Spreads.", {}, {1, 10}).Observe(5);
    const std::string text = metrics.text();
    EXPECT_THAT(text,
                HasSubstr("# HELP c_total Counts.\n# TYPE c_total counter\nc_total{source=\"web\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("\ng 2.5\n"));
    EXPECT_THAT(text, HasSubstr("h_bucket{le=\"1\"} 0\nh_bucket{le=\"10\"} 1\n"));
}

TEST(Metrics, GiveTheSameObjectForTheSameNameAndLabels) {
    Metrics metrics;
    auto& one = metrics.counter("c_total", "Counts.", {{"source", "a"}});
    EXPECT_EQ(&metrics.counter("c_total", "Other words.", {{"source", "a"}}), &one);
    EXPECT_NE(&metrics.counter("c_total", "Counts.", {{"source", "b"}}), &one);
}

TEST(Metrics, AskCollectorsEachTime) {
    Metrics metrics;
    int asked = 0;
    metrics.on_collect([&](std::vector<prometheus::MetricFamily>& families) {
        prometheus::ClientMetric value;
        value.gauge.value = ++asked;
        families.push_back({"asked", "How often.", prometheus::MetricType::Gauge, {value}});
    });
    EXPECT_THAT(metrics.text(), HasSubstr("\nasked 1\n"));
    EXPECT_THAT(metrics.text(), HasSubstr("\nasked 2\n"));
}

TEST(Metrics, LetCollectorsFetchMetrics) {
    Metrics metrics;
    metrics.on_collect([&](auto&) { metrics.gauge("made_late", "Made while collecting.").Set(1); });
    static_cast<void>(metrics.text());
    EXPECT_THAT(metrics.text(), HasSubstr("\nmade_late 1\n"));
}

TEST(Metrics, EscapeLabelValues) {
    Metrics metrics;
    metrics.gauge("g", "Gauge.", {{"path", "a\"b\\c\nd"}}).Set(1);
    EXPECT_THAT(metrics.text(), HasSubstr(R"(g{path="a\"b\\c\nd"} 1)"));
}

TEST(Metrics, AreFreeThreaded) {
    Metrics metrics;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&metrics, t] {
                for (int i = 0; i < 50; ++i) {
                    metrics.counter("c_total", "Counts.", {{"n", std::to_string(i % 5)}}).Increment();
                    if (t == 0) static_cast<void>(metrics.text());
                }
            });
        }
    }
    EXPECT_EQ(metrics.counter("c_total", "Counts.", {{"n", "0"}}).Value(), 40);
}

}  // namespace
}  // namespace aep::telemetry
