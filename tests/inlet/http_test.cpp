#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "inlet/running_inlet.hpp"
#include "inlet/samples.hpp"

namespace aep::inlet {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* kSingle = "/collection/abc";

using Http = RunningInlet;

TEST_F(Http, ManyRequestsShareAConnection) {
    start();
    const auto client = connect();
    for (int i = 0; i < 50; ++i) ASSERT_EQ(client->post(kSingle, message_with_id("a")).status, 200);
    EXPECT_EQ(inlet->stats().connections, 1U);
    EXPECT_EQ(inlet->stats().requests, 50U);
}

TEST_F(Http, TwoClientsAreServedInTurns) {
    start();
    const auto one = connect();
    const auto two = connect();
    EXPECT_EQ(one->post(kSingle, message_with_id("1")).status, 200);
    EXPECT_EQ(two->post(kSingle, message_with_id("2")).status, 200);
    EXPECT_EQ(one->post(kSingle, message_with_id("3")).status, 200);
    EXPECT_EQ(inlet->stats().accepted, 3U);
    EXPECT_EQ(inlet->stats().connections, 2U);
}

TEST_F(Http, PipelinedRequestsAreAnsweredInOrder) {
    start();
    const auto client = connect();
    ASSERT_TRUE(client->write(
        "GET /inlet/stats HTTP/1.1\r\nHost: localhost\r\n\r\nGET /none HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    EXPECT_EQ(client->read_answer().status, 200);
    EXPECT_EQ(client->read_answer().status, 404);
}

TEST_F(Http, ChunkedBodyIsRead) {
    start();
    const std::string body = message_with_id("a");
    const std::string chunks = fmt::format("{:x}\r\n{}\r\n{:x};x=y\r\n{}\r\n0\r\n\r\n", 10,
                                           body.substr(0, 10), body.size() - 10, body.substr(10));
    const auto client = connect();
    const std::string head =
        "POST /collection/abc HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
        "application/json\r\nTransfer-Encoding: "
        "chunked\r\n\r\n";
    EXPECT_EQ(client->exchange(head + chunks).status, 200);
    EXPECT_EQ(client->get("/inlet/stats").status, 200);
}

TEST_F(Http, ChunkedBodyAboveTheLimitIsTooLarge) {
    options.max_request = 100;
    start();
    const std::string chunk = fmt::format("{:x}\r\n{}\r\n", 60, std::string(60, ' '));
    const auto client = connect();
    const std::string head =
        "POST /collection/abc HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
        "application/json\r\nTransfer-Encoding: "
        "chunked\r\n\r\n";
    EXPECT_EQ(client->exchange(head + chunk + chunk + "0\r\n\r\n").status, 413);
}

TEST_F(Http, BodyIsAskedForWhenTheClientWaits) {
    start();
    const auto client = connect();
    const std::string body = message_with_id("a");
    const Answer go_on =
        client->exchange(fmt::format("POST /collection/abc HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                                     "application/json\r\nContent-Length: {}\r\n"
                                     "Expect: 100-continue\r\n\r\n",
                                     body.size()));
    EXPECT_EQ(go_on.status, 100);
    EXPECT_EQ(client->exchange(body).status, 200);
}

TEST_F(Http, BodyAboveTheLimitIsNotAskedFor) {
    start();
    const auto client = connect();
    EXPECT_EQ(client
                  ->exchange(
                      "POST /collection/abc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      "Content-Length: 1000001\r\nExpect: 100-continue\r\n\r\n")
                  .status,
              413);
    EXPECT_TRUE(client->closes());
}

TEST_F(Http, ConnectionClosesWhenTheClientAsksForIt) {
    start();
    const auto client = connect();
    const Answer answer =
        client->exchange("GET /inlet/stats HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.head, HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(client->closes());
}

TEST_F(Http, OldVersionIsAnsweredAndClosed) {
    start();
    const auto client = connect();
    EXPECT_EQ(client->exchange("GET /inlet/stats HTTP/1.0\r\n\r\n").status, 200);
    EXPECT_TRUE(client->closes());
}

TEST_F(Http, HeadRequestGetsNoBody) {
    start();
    const auto client = connect();
    ASSERT_TRUE(
        client->write("HEAD /inlet/stats HTTP/1.1\r\nHost: localhost\r\n\r\nGET /none HTTP/1.1\r\nHost: "
                      "localhost\r\n\r\n"));
    ASSERT_TRUE(client->write("GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    // Were there a body behind the first head, the second answer would not begin where the first one ends.
    const Answer head = client->read_answer();
    EXPECT_EQ(head.status, 405);
    EXPECT_THAT(head.body, testing::StartsWith("HTTP/1.1 404"));
}

TEST_F(Http, GarbageIsABadRequest) {
    start();
    for (const std::string garbage :
         {"hello\r\n\r\n", "GET /\r\n\r\n", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
        const auto client = connect();
        EXPECT_EQ(client->exchange(garbage).status, 400) << garbage;
        EXPECT_TRUE(client->closes()) << garbage;
    }
}

TEST_F(Http, LongHeadIsRefused) {
    start();
    const auto client = connect();
    EXPECT_EQ(client
                  ->exchange("GET /inlet/stats HTTP/1.1\r\nHost: localhost\r\nx: " +
                             std::string(60'000, 'x') + "\r\n\r\n")
                  .status,
              200);
    EXPECT_EQ(client
                  ->exchange("GET /inlet/stats HTTP/1.1\r\nHost: localhost\r\nx: " +
                             std::string(70'000, 'x') + "\r\n\r\n")
                  .status,
              431);
    EXPECT_TRUE(client->closes());
}

TEST_F(Http, ClientThatGoesAwayHarmsNobody) {
    start();
    (void)connect()->write(
        "POST /collection/abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{");
    (void)connect()->write("GET /inlet/stats HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(connect()->get("/inlet/stats").status, 200);
}

TEST_F(Http, SilentConnectionIsClosed) {
    options.idle_timeout = 1s;
    start();
    EXPECT_TRUE(connect()->closes());
}

TEST_F(Http, ConnectionAboveTheLimitWaitsForAnother) {
    options.max_connections = 1;
    start();
    auto first = connect();
    ASSERT_EQ(first->get("/inlet/stats").status, 200);
    HttpsClient::Trust trust;
    trust.ca_pem = inlet->ca_pem();
    EXPECT_FALSE((HttpsClient{inlet->port(), trust, 300ms}.connected()));
    first.reset();
    EXPECT_EQ(connect()->get("/inlet/stats").status, 200);
}

TEST_F(Http, RequestNamesItsHost) {
    start();
    EXPECT_EQ(connect()->exchange("GET /inlet/stats HTTP/1.1\r\n\r\n").status, 400);
    EXPECT_EQ(connect()->exchange("GET /inlet/stats HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").status, 400);
}

TEST_F(Http, StopClosesConnections) {
    start();
    const auto client = connect();
    ASSERT_EQ(client->get("/inlet/stats").status, 200);
    inlet->stop();
    inlet->stop();
    EXPECT_EQ(inlet->stats().connections, 1U);
    inlet.reset();
    EXPECT_TRUE(client->closes());
}

TEST_F(Http, AddressInUseIsSaidWithAdvice) {
    start();
    InletOptions second;
    second.listen = fmt::format("127.0.0.1:{}", inlet->port());
    const auto refused = Inlet::start(second);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("choose another port"));
}

TEST_F(Http, BadListenAddressIsSaidWithAnExample) {
    for (const std::string listen :
         {"", "8443", "localhost", ":8443", "127.0.0.1:70000", "::1:8443", "127.0.0.1:x"}) {
        InletOptions bad;
        bad.listen = listen;
        const auto refused = Inlet::start(bad);
        ASSERT_FALSE(refused) << listen;
        EXPECT_THAT(refused.error().message, HasSubstr("write one such as")) << listen;
    }
}

TEST_F(Http, FilesThatCannotBeWrittenAreNamed) {
    InletOptions bad;
    bad.listen = "127.0.0.1:0";
    bad.ca_file = dir / "none/ca.pem";
    EXPECT_THAT(Inlet::start(bad).error().message, HasSubstr("none/ca.pem"));
    bad.ca_file.clear();
    bad.entities_file = dir / "none/entities";
    EXPECT_THAT(Inlet::start(bad).error().message, HasSubstr("none/entities"));
}

}  // namespace
}  // namespace aep::inlet
