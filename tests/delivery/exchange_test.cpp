#include "delivery/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "delivery/destination.hpp"
#include "delivery/fixture.hpp"
#include "http/test_server.hpp"

/// What goes around a request: its packing, its token. Over a whole destination, as the inlet sees it.
namespace aep::delivery {
namespace {

using namespace std::chrono_literals;
using http::all_good;
using http::test_answer;
using http::TestRequest;
using http::TestServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string unpacked(const std::string& packed) {
    std::string text(std::size_t{1} << 20U, '\0');
    std::string input = packed;
    z_stream stream{};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return "";
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    const bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END;
    text.resize(stream.total_out);
    inflateEnd(&stream);
    return whole ? text : "";
}

bool is_packed(const TestRequest& request) {
    return request.head.find("\r\nContent-Encoding: gzip\r\n") != std::string::npos;
}

std::string accepted(const std::string& body) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = body.find("{\"n\":", at)) != std::string::npos; ++at) ++count;
    return all_good(count);
}

/// A destination before an inlet, and a token endpoint on the same server, that a test scripts.
class ExchangeTest : public testing::Test {
  protected:
    using Answering = std::function<std::string(const TestRequest&)>;

    /// `inlet` answers what is no token request. Tokens are "t1", "t2", ...
    void serve(const Answering& inlet) {
        server_.emplace(TestServer::answering([this, inlet](const TestRequest& request) {
            const std::lock_guard lock{mutex_};
            if (request.head.starts_with("POST /token ")) {
                return test_answer(200, fmt::format(R"({{"access_token":"t{}"}})", ++issued_));
            }
            requests_.push_back(request);
            return inlet(request);
        }));
        options_.id = "inlet";
        options_.url = server_->url();
        options_.tls.ca_file = server_->ca_file();
        options_.connections = 1;
        options_.retry = {.initial = 4ms, .max = 20ms};
    }
    void start_tokens() {
        http::TokenOptions options;
        options.platform = "main";
        options.token_url = fmt::format("https://localhost:{}/token", server_->port());
        options.client_id = "me";
        options.client_secret.text = "s";
        options.tls = options_.tls;
        tokens_ = http::TokenProvider::create(options, {metrics_, health_}).value();
    }
    void deliver(std::uint32_t messages) {
        if (!destination_) {
            destination_ =
                Destination::create(options_, {letters_, metrics_, health_, traffic_}, tokens_).value();
        }
        destination_->submit(maker_.make(messages));
        EXPECT_TRUE(destination_->drain(20s));
    }
    [[nodiscard]] std::vector<bool> packed() const {
        std::vector<bool> all;
        for (const TestRequest& request : requests_) all.push_back(is_packed(request));
        return all;
    }
    [[nodiscard]] std::string token_of(std::size_t request) const {
        const std::string& head = requests_.at(request).head;
        const std::size_t at = head.find("\r\nAuthorization: ");
        return at == std::string::npos ? "" : head.substr(at + 17, head.find('\r', at + 2) - at - 17);
    }

    DestinationOptions options_;
    BatchMaker maker_;
    KeptLetters letters_;
    telemetry::Metrics metrics_;
    telemetry::Health health_;
    Traffic traffic_;
    std::mutex mutex_;
    std::vector<TestRequest> requests_;
    int issued_ = 0;
    std::optional<TestServer> server_;
    std::shared_ptr<http::TokenProvider> tokens_;
    std::unique_ptr<Destination> destination_;
};

TEST_F(ExchangeTest, PacksWhereThatIsWanted) {
    serve([](const TestRequest& request) { return accepted(unpacked(request.body)); });
    options_.compression = Coding::Gzip;
    deliver(3);
    deliver(500);
    EXPECT_THAT(packed(), ElementsAre(true, true));
    EXPECT_THAT(unpacked(requests_[0].body), testing::StartsWith("{\"messages\":[{\"n\":0}"));
    EXPECT_LT(requests_[1].body.size(), 2000U);
    EXPECT_EQ(maker_.counters.snapshot().delivered, 503U);
    EXPECT_THAT(letters_.contents(), IsEmpty());
}

class PackingRefused : public ExchangeTest, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(With, PackingRefused, testing::Values(400, 415), testing::PrintToStringParamName());

TEST_P(PackingRefused, EndsAndLosesNothing) {
    serve([](const TestRequest& request) {
        return is_packed(request) ? test_answer(GetParam(), "") : accepted(request.body);
    });
    options_.compression = Coding::Gzip;
    deliver(3);
    deliver(3);
    EXPECT_THAT(packed(), ElementsAre(true, false, false));
    EXPECT_EQ(maker_.counters.snapshot().delivered, 6U);
    EXPECT_THAT(letters_.contents(), IsEmpty());
    EXPECT_THAT(metrics_.text(), HasSubstr("aep_agent_messages_sent_total{destination=\"inlet\"} 9"));
}

TEST_F(ExchangeTest, GoesOnPackingWhereAMessageIsToBlame) {
    serve([](const TestRequest& request) {
        const std::string body = is_packed(request) ? unpacked(request.body) : request.body;
        return body.find("{\"n\":1}") != std::string::npos ? test_answer(400, "bad") : accepted(body);
    });
    options_.compression = Coding::Gzip;
    deliver(2);
    deliver(2);
    EXPECT_THAT(letters_.contents(), ElementsAre("{\"n\":1}"));
    EXPECT_TRUE(packed().back());
    EXPECT_EQ(maker_.counters.snapshot().delivered, 3U);
}

TEST_F(ExchangeTest, CarriesATokenAndRenewsItWhereItIsRefused) {
    serve([this](const TestRequest& request) {
        const bool old = request.head.find("Bearer t1\r\n") != std::string::npos && requests_.size() > 1;
        return old ? test_answer(401, "") : accepted(request.body);
    });
    start_tokens();
    deliver(2);
    deliver(2);
    deliver(2);
    EXPECT_EQ(token_of(0), "Bearer t1");
    EXPECT_EQ(token_of(1), "Bearer t1");
    EXPECT_EQ(token_of(2), "Bearer t2");
    EXPECT_EQ(token_of(3), "Bearer t2");
    EXPECT_EQ(requests_.size(), 4U);
    EXPECT_EQ(issued_, 2);
    EXPECT_FALSE(destination_->state().held);
    EXPECT_EQ(maker_.counters.snapshot().delivered, 6U);
}

TEST_F(ExchangeTest, HoldsWhatANewTokenDoesNotOpen) {
    std::atomic<bool> cured{false};
    serve([&cured](const TestRequest& request) {
        return cured ? accepted(request.body) : test_answer(403, "");
    });
    start_tokens();
    destination_ = Destination::create(options_, {letters_, metrics_, health_, traffic_}, tokens_).value();
    destination_->submit(maker_.make(2));
    const auto held = [this] { return destination_->state().held; };
    for (const auto end = base::SteadyClock::now() + 20s; !held() && base::SteadyClock::now() < end;) {
        std::this_thread::sleep_for(2ms);
    }
    EXPECT_TRUE(held());
    EXPECT_THAT(metrics_.text(), HasSubstr("reason=\"forbidden\"} 1"));
    cured = true;
    EXPECT_TRUE(destination_->drain(20s));
    EXPECT_EQ(issued_, 2);
    EXPECT_EQ(maker_.counters.snapshot().delivered, 2U);
}

TEST_F(ExchangeTest, DoesNotKeepATokenThatAnInletRepeats) {
    serve([](const TestRequest& request) {
        const std::size_t at = request.head.find("Bearer ");
        const std::string token = request.head.substr(at, request.head.find('\r', at) - at);
        return test_answer(400, "bad header Authorization: " + token + "!");
    });
    start_tokens();
    deliver(1);
    EXPECT_THAT(letters_.contents(), ElementsAre("{\"n\":0}"));
    EXPECT_EQ(letters_.at(0).answer, "bad header Authorization: Bearer ***!");
}

TEST_F(ExchangeTest, CountsTheRequestThatAClosedConnectionCost) {
    std::atomic<int> requests{0};
    server_.emplace([&](http::TestSession& session) {
        while (const auto request = session.read_request()) {
            if (++requests == 2) return session.reset();  // an idle connection that ends just now
            session.write(accepted(request->body));
        }
    });
    options_.id = "inlet";
    options_.url = server_->url();
    options_.tls.ca_file = server_->ca_file();
    options_.connections = 1;
    deliver(1);
    deliver(1);
    EXPECT_THAT(metrics_.text(), HasSubstr("aep_agent_messages_sent_total{destination=\"inlet\"} 3"));
    EXPECT_THAT(metrics_.text(), HasSubstr("aep_agent_messages_retried_total{destination=\"inlet\"} 1"));
    EXPECT_EQ(maker_.counters.snapshot().delivered, 2U);
    EXPECT_EQ(destination_->state().trouble, "");
}

}  // namespace
}  // namespace aep::delivery
