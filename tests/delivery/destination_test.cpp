#include "delivery/destination.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "delivery/fixture.hpp"
#include "http/test_server.hpp"

namespace aep::delivery {
namespace {

using namespace std::chrono_literals;
using base::SteadyClock;
using http::all_good;
using http::test_answer;
using http::TestRequest;
using http::TestServer;
using http::TestSession;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr std::string_view kOpen = "{\"messages\":[";

/// How many messages of BatchMaker a body holds.
std::size_t count_of(std::string_view body) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = body.find("{\"n\":", at)) != std::string_view::npos; ++at) ++count;
    return count;
}

template <class Condition>
bool eventually(Condition condition) {
    const auto deadline = SteadyClock::now() + 10s;
    while (!condition()) {
        if (SteadyClock::now() > deadline) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

/// A destination before a server whose answers a test scripts; keeps the bodies that were asked.
class DestinationTest : public testing::Test {
  protected:
    using Answering = std::function<std::string(const TestRequest&)>;

    void serve(const Answering& answer) {
        serve_sessions(TestServer::answering([this, answer](const TestRequest& request) {
            {
                const std::lock_guard lock{mutex_};
                asked_.push_back(request.body);
                heads_.push_back(request.head);
                asked_at_.push_back(SteadyClock::now());
            }
            return answer(request);
        }));
    }
    void serve_sessions(TestServer::Serve serve) {
        server_.emplace(std::move(serve));
        options_.url = server_->url();
        options_.tls.ca_file = server_->ca_file();
    }
    void start() {
        destination_ = Destination::create(options_, {letters_, metrics_, health_, traffic_}).value();
        health_.set_running(true);
    }
    void submit(std::uint32_t messages, std::uint64_t lane = 0) {
        destination_->submit(maker_.make(messages, lane));
    }
    [[nodiscard]] bool drain() { return destination_->drain(20s); }

    [[nodiscard]] std::vector<std::string> asked() const {
        const std::lock_guard lock{mutex_};
        return asked_;
    }
    [[nodiscard]] std::vector<std::string> heads() const {
        const std::lock_guard lock{mutex_};
        return heads_;
    }
    [[nodiscard]] SteadyClock::duration between(std::size_t first, std::size_t second) const {
        const std::lock_guard lock{mutex_};
        return asked_at_.at(second) - asked_at_.at(first);
    }

    DestinationOptions options_ = [] {
        DestinationOptions made;
        made.id = "inlet";
        made.connections = 1;
        made.retry = {.initial = 4ms, .max = 20ms};
        return made;
    }();
    BatchMaker maker_;
    KeptLetters letters_;
    telemetry::Metrics metrics_;
    telemetry::Health health_;
    Traffic traffic_;
    std::optional<TestServer> server_;
    std::unique_ptr<Destination> destination_;

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> asked_;
    std::vector<std::string> heads_;
    std::vector<SteadyClock::time_point> asked_at_;
};

std::string good(const TestRequest& request) {
    return all_good(count_of(request.body));
}

TEST_F(DestinationTest, DeliversBatchesInTheFormThatAepTakes) {
    serve(good);
    options_.headers = {{"x-sandbox-name", "prod"}};
    start();
    submit(2);
    ASSERT_TRUE(drain());
    EXPECT_THAT(asked(), ElementsAre(R"({"messages":[{"n":0},{"n":1}]})"));
    EXPECT_THAT(heads().front(),
                testing::StartsWith("POST /collection/batch/inlet HTTP/1.1\r\nHost: localhost:"));
    EXPECT_THAT(heads().front(), HasSubstr("\r\nx-sandbox-name: prod\r\n"));
    EXPECT_EQ(maker_.counters.snapshot().delivered, 2U);
    EXPECT_EQ(destination_->state().accepted, 2U);
    EXPECT_TRUE(health_.ready());
}

TEST_F(DestinationTest, UsesAsManyConnectionsAsItMay) {
    std::atomic<int> waiting{0};
    serve([&waiting](const TestRequest& request) {
        ++waiting;
        eventually([&waiting] { return waiting >= 3; });
        return good(request);
    });
    options_.connections = 3;
    start();
    for (int i = 0; i < 3; ++i) submit(1);
    ASSERT_TRUE(drain());
    EXPECT_EQ(server_->connections(), 3U);
}

TEST_F(DestinationTest, DeadLettersWhatA207RefusesAndSettlesTheRest) {
    serve([](const TestRequest&) {
        return test_answer(
            207, R"({"responses":[{"xactionId":"a"},{"statusCode":400,"message":"no"},{"xactionId":"c"}]})");
    });
    start();
    submit(3);
    ASSERT_TRUE(drain());
    EXPECT_THAT(letters_.contents(), ElementsAre(R"({"n":1})"));
    EXPECT_EQ(letters_.at(0).code, "refused");
    EXPECT_EQ(letters_.at(0).answer, "no");
    EXPECT_EQ(letters_.at(0).position, 10U);
    EXPECT_EQ(maker_.counters.snapshot().delivered, 2U);
}

TEST_F(DestinationTest, FindsThePoisonousMessageOfARefusedRequest) {
    serve([](const TestRequest& request) {
        const bool poison = request.body.find("{\"n\":5}") != std::string::npos;
        return poison ? test_answer(400, R"({"report":{"message":"unknown xdm format"}})") : good(request);
    });
    start();
    submit(8);
    ASSERT_TRUE(drain());
    EXPECT_THAT(letters_.contents(), ElementsAre(R"({"n":5})"));
    EXPECT_EQ(letters_.at(0).answer, "unknown xdm format");
    EXPECT_EQ(maker_.counters.snapshot().delivered, 7U);
}

TEST_F(DestinationTest, SplitsWhatIsTooLarge) {
    serve([](const TestRequest& r) { return count_of(r.body) > 2 ? test_answer(413, "") : good(r); });
    start();
    submit(8);
    ASSERT_TRUE(drain());
    EXPECT_EQ(maker_.counters.snapshot().delivered, 8U);
    EXPECT_THAT(letters_.contents(), IsEmpty());
}

TEST_F(DestinationTest, PausesAsLongAsRetryAfterSays) {
    std::atomic<int> requests{0};
    serve([&requests](const TestRequest& r) {
        return requests++ == 0 ? test_answer(503, "", "Retry-After: 1\r\n") : good(r);
    });
    start();
    submit(1);
    ASSERT_TRUE(drain());
    EXPECT_GE(between(0, 1), 990ms);
}

TEST_F(DestinationTest, PausesAsAWholeAlsoWhenRequestsUnderWaySucceed) {
    std::atomic<int> requests{0};
    std::atomic<bool> refused{false};
    serve([&](const TestRequest& r) {
        if (requests++ == 0) {
            eventually([&] { return requests >= 2; });
            refused = true;
            return test_answer(429, "", "Retry-After: 1\r\n");
        }
        if (requests == 2) {
            eventually([&] { return refused.load(); });
            std::this_thread::sleep_for(50ms);  // so that its success is the later news
        }
        return good(r);
    });
    options_.connections = 2;
    start();
    for (int i = 0; i < 6; ++i) submit(1);
    ASSERT_TRUE(drain());
    EXPECT_GE(between(1, 2), 900ms);
}

TEST_F(DestinationTest, IsNotStoppedByARequestThatKeepsGetting500) {
    serve([](const TestRequest& request) {
        const bool poison = request.body.find("{\"n\":1}") != std::string::npos;
        return poison ? test_answer(500, "") : good(request);
    });
    start();
    submit(4);
    submit(2);
    EXPECT_TRUE(eventually([this] { return maker_.counters.snapshot().delivered == 5; }));
    ASSERT_TRUE(drain());
    EXPECT_THAT(letters_.contents(), ElementsAre(R"({"n":1})"));
}

TEST_F(DestinationTest, Keeps500sWhileNothingElseGetsThrough) {
    std::atomic<bool> failing{true};
    serve([&failing](const TestRequest& r) { return failing ? test_answer(500, "") : good(r); });
    start();
    submit(1);
    submit(2);
    ASSERT_TRUE(eventually([this] { return asked().size() > 30; }));
    EXPECT_THAT(letters_.contents(), IsEmpty());
    failing = false;
    ASSERT_TRUE(drain());
    EXPECT_EQ(maker_.counters.snapshot().delivered, 3U);
}

TEST_F(DestinationTest, SendsAgainWhatAnAnswerDoesNotProve) {
    std::atomic<int> requests{0};
    serve(
        [&requests](const TestRequest& r) { return requests++ < 4 ? test_answer(200, "thanks") : good(r); });
    start();
    submit(4);
    ASSERT_TRUE(drain());
    EXPECT_EQ(maker_.counters.snapshot().delivered, 4U);
    EXPECT_THAT(letters_.contents(), IsEmpty());
}

TEST_F(DestinationTest, HoldsWhatAnOperatorCanCureAndGoesOnWhenItIsCured) {
    std::atomic<bool> unknown{true};
    serve([&unknown](const TestRequest& r) { return unknown ? test_answer(404, "") : good(r); });
    start();
    submit(3);
    ASSERT_TRUE(eventually([this] { return destination_->state().held; }));
    EXPECT_THAT(health_.report(), HasSubstr("destination inlet: not_found"));
    EXPECT_THAT(metrics_.text(),
                HasSubstr(R"(aep_agent_destination_held{destination="inlet",reason="not_found"} 1)"));
    EXPECT_FALSE(destination_->drain(50ms));
    unknown = false;
    ASSERT_TRUE(drain());
    EXPECT_FALSE(destination_->state().held);
    EXPECT_TRUE(health_.ready());
    EXPECT_EQ(maker_.counters.snapshot().delivered, 3U);
}

TEST_F(DestinationTest, SendsNothingToAPeerThatItCannotTrust) {
    serve(good);
    const http::TestIdentity other;
    options_.tls.ca_file = other.file();
    start();
    submit(1);
    ASSERT_TRUE(eventually([this] { return destination_->state().held; }));
    EXPECT_THAT(destination_->state().trouble, HasSubstr("certificate verify failed"));
    EXPECT_THAT(asked(), IsEmpty());
}

TEST_F(DestinationTest, KeepsTheOrderOfALaneWhateverHappensToItsParts) {
    std::atomic<int> requests{0};
    std::string accepted;  // one request at a time: the lane makes sure of it
    serve([&](const TestRequest& request) {
        const int turn = requests++ % 4;
        if (turn == 0) return test_answer(503, "");
        if (turn == 1) return std::string{};
        if (turn == 2 && count_of(request.body) > 1) return test_answer(413, "");
        accepted += request.body.substr(kOpen.size(), request.body.size() - kOpen.size() - 2) + ",";
        return good(request);
    });
    options_.connections = 4;
    start();
    for (int i = 0; i < 5; ++i) submit(4, 7);
    ASSERT_TRUE(drain());
    std::string expected;
    for (int n = 0; n < 20; ++n) expected += fmt::format("{{\"n\":{}}},", n);
    EXPECT_EQ(accepted, expected);
    EXPECT_GT(requests, 10);
}

TEST_F(DestinationTest, ReconnectsWithoutTroubleWhereTheInletClosesIdleConnections) {
    serve_sessions([](TestSession& session) {
        if (const auto request = session.read_request()) session.write(good(*request));
    });
    start();
    for (int i = 0; i < 3; ++i) {
        submit(1);
        ASSERT_TRUE(drain());
    }
    EXPECT_EQ(server_->connections(), 3U);
    EXPECT_THAT(destination_->state().trouble, IsEmpty());
    // Not how many were sent again: a request may be on its way when the inlet closes.
    EXPECT_THAT(metrics_.text(), HasSubstr("aep_agent_messages_accepted_total{destination=\"inlet\"} 3"));
}

TEST_F(DestinationTest, StopsAtOnceWithWorkLeft) {
    serve_sessions([](TestSession& session) {
        session.read_request();
        session.wait_for_end();
    });
    start();
    for (int i = 0; i < 3; ++i) submit(2);
    const auto began = SteadyClock::now();
    EXPECT_FALSE(destination_->drain(50ms));
    destination_->stop();
    destination_->stop();
    EXPECT_LT(SteadyClock::now() - began, 5s);
    submit(1);  // after the end: stays unsettled
    EXPECT_EQ(maker_.counters.snapshot().settled(), 0U);
    EXPECT_EQ(maker_.counters.snapshot().in_flight, 7U);
}

TEST_F(DestinationTest, CountsOnlyWhatWasSentAsSent) {
    std::optional<std::string> url;
    {
        const TestServer gone{[](TestSession&) {}};
        url = gone.url();
    }
    const http::TestIdentity identity;
    options_.url = *url;
    options_.tls.ca_file = identity.file();
    start();
    submit(3);
    ASSERT_TRUE(eventually([this] { return !destination_->state().trouble.empty(); }));
    EXPECT_THAT(metrics_.text(), HasSubstr("aep_agent_messages_sent_total{destination=\"inlet\"} 0"));
    destination_->stop();
}

TEST_F(DestinationTest, SaysWhatItCannotBeMadeFrom) {
    serve(good);
    options_.url = "http://localhost/collection/x";
    const auto made = Destination::create(options_, {letters_, metrics_, health_, traffic_});
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message, HasSubstr("destination 'inlet': the URL does not begin with https://"));
}

}  // namespace
}  // namespace aep::delivery
