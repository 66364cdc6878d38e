#include "http/token_provider.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "http/test_client.hpp"

namespace aep::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

template <class Condition>
bool eventually(Condition condition) {
    const auto deadline = base::SteadyClock::now() + 20s;
    while (!condition()) {
        if (base::SteadyClock::now() > deadline) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

/// A token endpoint that a test scripts.
class TokenProviderTest : public testing::Test {
  protected:
    void serve(const std::function<std::string(const TestRequest&)>& answer) {
        server_.emplace(TestServer::answering([this, answer](const TestRequest& request) {
            ++asked_;
            return answer(request);
        }));
        options_.platform = "main";
        options_.token_url = server_->url();
        options_.client_id = "me";
        options_.client_secret.text = "hunter2";
        options_.tls = TlsOptions{.ca_file = server_->ca_file()};
    }
    void start() { provider_ = TokenProvider::create(options_, {metrics_, health_}).value(); }
    [[nodiscard]] std::string issue(const std::string& lifetime = "86399") {
        return test_answer(200,
                           fmt::format(R"({{"access_token":"t{}","expires_in":{}}})", ++issued_, lifetime));
    }
    [[nodiscard]] bool has_token() const { return provider_->token() != nullptr; }

    std::atomic<int> asked_{0};
    std::atomic<int> issued_{0};
    TokenOptions options_;
    telemetry::Metrics metrics_;
    telemetry::Health health_;
    std::optional<TestServer> server_;
    std::unique_ptr<TokenProvider> provider_;
};

TEST_F(TokenProviderTest, AsksAtTheStartInTheForm) {
    std::string head;
    std::string body;
    serve([&](const TestRequest& request) {
        head = request.head;
        body = request.body;
        return issue();
    });
    start();
    ASSERT_TRUE(eventually([&] { return has_token(); }));
    EXPECT_EQ(provider_->token()->authorization, "Bearer t1");
    EXPECT_THAT(head, HasSubstr("POST /collection/inlet HTTP/1.1\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    EXPECT_EQ(body,
              "grant_type=client_credentials&client_id=me&client_secret=hunter2&scope=openid%2CAdobeID%2C"
              "read_organizations%2Cadditional_info.projectedProductContext%2Csession");
    EXPECT_FALSE(provider_->trouble());
    EXPECT_THAT(metrics_.text(), HasSubstr("aep_agent_token_expiry_timestamp_seconds{platform=\"main\"} 1"));
    EXPECT_THAT(metrics_.text(), Not(HasSubstr("t1")));
}

TEST_F(TokenProviderTest, ReplacesTokensAheadOfTheirEndWithoutAGap) {
    serve([this](const TestRequest&) { return issue("0.2"); });
    start();
    ASSERT_TRUE(eventually([&] { return has_token(); }));
    // A scheduler may be late by the 40 ms that are left; ten in a row without one gap it is not.
    ASSERT_TRUE(eventually([&] { return issued_ >= 10; }));
    EXPECT_EQ(asked_, issued_);
}

TEST_F(TokenProviderTest, FetchesOneForAllWhenATokenIsRefused) {
    serve([this](const TestRequest&) { return issue(); });
    std::atomic<int> told{0};
    start();
    const auto subscription = provider_->subscribe([&told] { ++told; });
    ASSERT_TRUE(eventually([&] { return has_token(); }));
    const TokenPtr used = provider_->token();
    std::vector<std::thread> all;
    for (int i = 0; i < 8; ++i) all.emplace_back([&] { EXPECT_TRUE(provider_->refused(used)); });
    for (std::thread& one : all) one.join();
    ASSERT_TRUE(eventually([&] { return has_token() && provider_->token() != used; }));
    EXPECT_EQ(provider_->token()->authorization, "Bearer t2");
    EXPECT_FALSE(provider_->refused(provider_->token()));
    EXPECT_EQ(asked_, 2);
    EXPECT_TRUE(eventually([&] { return told >= 1; }));
    provider_->unsubscribe(subscription);
}

TEST_F(TokenProviderTest, TriesAgainWhereTheEndpointFails) {
    serve([this](const TestRequest&) { return asked_ < 3 ? test_answer(503, "") : issue(); });
    start();
    ASSERT_TRUE(eventually([&] { return provider_->trouble().has_value(); }));
    EXPECT_FALSE(provider_->trouble()->needs_operator);
    EXPECT_THAT(health_.report(), HasSubstr("platform main: token_unavailable"));
    EXPECT_TRUE(eventually([&] { return has_token(); }));
    EXPECT_FALSE(provider_->trouble());
    EXPECT_THAT(health_.report(), Not(HasSubstr("platform main")));
}

TEST_F(TokenProviderTest, TriesASecretThatIsNewInItsFileAtOnce) {
    serve([this](const TestRequest& request) {
        const bool good = request.body.find("client_secret=right&") != std::string::npos;
        return good ? issue() : test_answer(401, R"({"error":"invalid_client"})");
    });
    const std::string file = testing::TempDir() + "aep-secret-" + std::to_string(::getpid());
    std::ofstream{file} << "wrong\n";
    options_.client_secret = {.text = "", .file = file};
    start();
    ASSERT_TRUE(eventually([&] { return provider_->trouble().has_value(); }));
    EXPECT_TRUE(provider_->trouble()->needs_operator);
    EXPECT_THAT(provider_->trouble()->words, HasSubstr("status 401 invalid_client"));
    EXPECT_THAT(health_.report(), HasSubstr("platform main: auth"));
    std::ofstream{file, std::ios::trunc} << "right\n";
    EXPECT_TRUE(eventually([&] { return has_token(); }));
    EXPECT_EQ(asked_, 2);
    std::remove(file.c_str());
}

TEST_F(TokenProviderTest, StopsAtOnceWhileItWaitsForAnAnswer) {
    std::atomic<bool> reached{false};
    server_.emplace([&](TestSession& session) {
        session.read_request();
        reached = true;
        session.wait_for_end();
    });
    options_.token_url = server_->url();
    options_.tls = TlsOptions{.ca_file = server_->ca_file()};
    options_.client_secret.text = "x";
    start();
    ASSERT_TRUE(eventually([&] { return reached.load(); }));
    const auto began = base::SteadyClock::now();
    provider_.reset();
    EXPECT_LT(base::SteadyClock::now() - began, 5s);
}

TEST(TokenProvider, SaysWhatItCannotBeginWith) {
    TokenOptions options;
    options.platform = "main";
    options.client_secret.file = "/no/such/secret";
    EXPECT_THAT(TokenProvider::check(options).error().message,
                HasSubstr("platform 'main': auth: cannot open the secret's file /no/such/secret"));
    options.token_url = "http://ims.test/x";
    EXPECT_THAT(TokenProvider::check(options).error().message, HasSubstr("does not begin with https://"));
}

}  // namespace
}  // namespace aep::http
