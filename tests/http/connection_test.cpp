#include "http/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <optional>
#include <string>

#include "http/error.hpp"
#include "http/test_client.hpp"
#include "http/test_server.hpp"

namespace aep::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Protocol = TestServer::Protocol;

/// Bytes that do not repeat where blocks or records end.
std::string large_body(std::size_t size) {
    std::string body(size, '\0');
    std::uint32_t state = 1;
    for (char& c : body) {
        state = state * 1664525U + 1013904223U;
        c = static_cast<char>('a' + (state >> 24U) % 26);
    }
    return body;
}

class ConnectionWith : public testing::TestWithParam<std::pair<Protocol, std::string_view>> {};
INSTANTIATE_TEST_SUITE_P(Versions, ConnectionWith,
                         testing::Values(std::pair{Protocol::Tls12, "TLSv1.2"},
                                         std::pair{Protocol::Tls13, "TLSv1.3"}));

TEST_P(ConnectionWith, IsKeptForTheNextRequest) {
    TestServer server{[](TestSession& session) {
                          while (session.read_request()) session.write(test_answer(200, session.protocol()));
                      },
                      GetParam().first};
    TestClient client{server};
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.exchange(get("{}")).value().body, GetParam().second);
    EXPECT_EQ(server.connections(), 1U);
}

TEST_P(ConnectionWith, CarriesALargeRequestByteForByte) {
    TestServer server{TestServer::answering([](const TestRequest& r) { return test_answer(200, r.body); }),
                      GetParam().first};
    TestClient client{server};
    for (const std::size_t size : {900'000U, 16'384U, 245'760U, 245'761U, 4'000'000U}) {
        const std::string body = large_body(size);
        EXPECT_TRUE(client.exchange(get(body)).value().body == body) << size;
    }
    EXPECT_EQ(server.connections(), 1U);
}

TEST(Connection, WaitsForAPeerThatReadsSlowly) {
    std::string arrived;
    TestServer server{[&arrived](TestSession& session) {
        auto request = session.read_head();
        while (request->body.size() < 8'000'000) {
            std::this_thread::sleep_for(1ms);  // slower than the client: its socket fills up
            if (!session.read_more(request->body)) return;
        }
        arrived = request->body;
        session.write(test_answer(200, ""));
    }};
    const std::string body = large_body(8'000'000);
    EXPECT_EQ(TestClient{server}.exchange(get(body)).value().status, 200);
    EXPECT_TRUE(arrived == body);
}

TEST(Connection, ChecksAnAddressAsThePeersName) {
    TestServer server{TestServer::answering([](const auto&) { return test_answer(200, ""); })};
    EXPECT_EQ(TestClient(server, "127.0.0.1").exchange(get()).value().status, 200);
}

TEST(Connection, DoesNotTrustAnUnknownSigner) {
    TestServer server{[](TestSession&) { ADD_FAILURE() << "the handshake succeeded"; }, Protocol::Tls12};
    const TestIdentity other;
    const base::Error error = error_of(TestClient(server.url(), other.file()).exchange(get("secret")));
    EXPECT_EQ(error.code, Errc::Certificate);
    EXPECT_THAT(error.message,
                HasSubstr("certificate verify failed: self-signed certificate (host localhost)"));
    EXPECT_THAT(error.message, HasSubstr("set tls.ca_file"));
}

TEST(Connection, DoesNotTrustACertificateForAnotherHost) {
    TestServer server{[](TestSession&) { ADD_FAILURE() << "the handshake succeeded"; }, Protocol::Tls12,
                      "DNS:inlet.test,IP:127.0.0.9"};
    for (const char* host : {"localhost", "127.0.0.1"}) {
        const base::Error error = error_of(TestClient(server, host).exchange(get("secret")));
        EXPECT_EQ(error.code, Errc::Certificate);
        EXPECT_THAT(error.message, HasSubstr("is for another host"));
    }
}

TEST(Connection, SaysWhoRefusesIt) {
    std::optional<TestServer> server{std::in_place, [](TestSession&) {}};
    TestClient client{*server};
    const std::string port = server->url().substr(18, 5);
    server.reset();
    const base::Error error = error_of(client.exchange(get()));
    EXPECT_EQ(error.code, Errc::Connect);
    EXPECT_THAT(error.message, HasSubstr("127.0.0.1:" + port + ": Connection refused"));
}

TEST(Connection, SaysWhatCannotBeLookedUp) {
    const TestIdentity identity;
    const base::Error error =
        error_of(TestClient("https://no-such-host.invalid/x", identity.file()).exchange(get()));
    EXPECT_EQ(error.code, Errc::LookUp);
    EXPECT_THAT(error.message, HasSubstr("no-such-host.invalid cannot be looked up"));
}

TEST(Connection, BoundsAHandshakeInTime) {
    TestServer server{[](TestSession&) {}, Protocol::Silent};
    TestClient client{server.url(), server.ca_file(), {.connect = 50ms, .request = 10s}};
    const base::Error error = error_of(client.exchange(get()));
    EXPECT_EQ(error.code, Errc::Handshake);
    EXPECT_THAT(error.message, HasSubstr("timed out after 50ms while shaking hands"));
    EXPECT_FALSE(may_have_arrived(error));
}

TEST(Connection, BoundsAnExchangeInTimeAndGoesOnWithAnother) {
    TestServer server{[](TestSession& session) {
        session.read_request();
        if (session.number() == 0) return session.wait_for_end();
        session.write(test_answer(200, "late"));
    }};
    TestClient client{server.url(), server.ca_file(), {.connect = 10s, .request = 100ms}};
    const base::Error error = error_of(client.exchange(get("{}")));
    EXPECT_EQ(error.code, Errc::Timeout);
    EXPECT_TRUE(may_have_arrived(error));
    EXPECT_EQ(client.exchange(get("{}")).value().body, "late");
}

TEST(Connection, BoundsASendThatDoesNotGetOnInTime) {
    TestServer server{[](TestSession& session) {
        session.read_head();
        std::this_thread::sleep_for(500ms);  // reads no more
    }};
    TestClient client{server.url(), server.ca_file(), {.connect = 10s, .request = 100ms}};
    EXPECT_EQ(error_of(client.exchange(get(large_body(32'000'000)))).code, Errc::Timeout);
}

TEST(Connection, EndsAtOnceWhenAborted) {
    TestServer server{[](TestSession& session) {
        session.read_request();
        session.wait_for_end();
    }};
    TestClient client{server};
    client.abort_after(50ms);
    EXPECT_EQ(error_of(client.exchange(get())).code, Errc::Stopped);
    EXPECT_EQ(error_of(client.exchange(get())).code, Errc::Stopped);
}

TEST(Connection, ReplacesOneThatWasClosedWhileIdle) {
    TestServer server{[](TestSession& session) {
        session.read_request();
        session.write(test_answer(200, "one each"));
        session.say_goodbye();
    }};
    TestClient client{server};
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.exchange(get()).value().body, "one each");
    EXPECT_EQ(server.connections(), 3U);
}

TEST(Connection, SendsAgainAtOnceWhereAKeptOneBreaksWithoutAnAnswer) {
    TestServer server{[](TestSession& session) {
        session.read_request();
        session.write(test_answer(200, std::to_string(session.number())));
        session.read_request();
        session.reset();
    }};
    TestClient client{server};
    EXPECT_EQ(client.exchange(get()).value().body, "0");
    EXPECT_EQ(client.exchange(get()).value().body, "1");
}

TEST(Connection, FailsWhereAFreshOneBreaksWithoutAnAnswer) {
    TestServer server{[](TestSession& session) { session.read_request(); }};
    TestClient client{server};
    EXPECT_EQ(error_of(client.exchange(get("{}"))).code, Errc::Closed);
    EXPECT_EQ(server.connections(), 1U);
}

TEST(Connection, DoesNotSendAgainWhereAnAnswerHasBegun) {
    TestServer server{[](TestSession& session) {
        session.read_request();
        session.write(test_answer(200, ""));
        session.read_request();
        session.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    }};
    TestClient client{server};
    EXPECT_EQ(client.exchange(get()).value().status, 200);
    EXPECT_EQ(error_of(client.exchange(get())).code, Errc::Closed);
    EXPECT_EQ(server.connections(), 1U);
}

TEST(Connection, ReadsAnAnswerThatComesByteByByte) {
    TestServer server{[](TestSession& session) {
        session.read_request();
        session.write_bytewise("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
        session.write_bytewise("HTTP/1.1 207 Multi-Status\r\nTransfer-Encoding: chunked\r\n\r\n");
        session.write_bytewise("4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n");
    }};
    const Answer answer = TestClient{server}.exchange(get()).value();
    EXPECT_EQ(answer.status, 207);
    EXPECT_EQ(answer.body, R"({"a":1})");
}

TEST(Connection, ReadsAnAnswerThatTheConnectionsEndCloses) {
    TestServer server{[](TestSession& session) {
        session.read_request();
        session.write("HTTP/1.0 200 OK\r\n\r\nto the end");
        session.say_goodbye();
    }};
    TestClient client{server};
    EXPECT_EQ(client.exchange(get()).value().body, "to the end");
    EXPECT_EQ(client.exchange(get()).value().body, "to the end");
}

TEST(Connection, ReadsAnAnswerThatComesBeforeTheRequestIsRead) {
    TestServer server{[](TestSession& session) {
        session.read_head();
        session.write(test_answer(413, "too large", "Connection: close\r\n"));
        session.wait_for_end();
    }};
    const Answer answer = TestClient{server}.exchange(get(large_body(32'000'000))).value();
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.body, "too large");
}

TEST(Connection, ReadsAnEarlyAnswerBehindWhichThePeerStopsReading) {
    std::promise<void> seen;
    TestServer server{[over = seen.get_future().share()](TestSession& session) {
        session.read_head();
        session.write(test_answer(503, "busy", "Retry-After: 3\r\n"));
        over.wait_for(10s);  // neither reads nor closes
    }};
    const auto answer = TestClient{server}.exchange(get(large_body(32'000'000)));
    seen.set_value();
    EXPECT_EQ(answer.value().status, 503);
    EXPECT_EQ(answer.value().retry_after, "3");
}

TEST(Connection, GoesOnSendingAfterAnInterimAnswer) {
    TestServer server{[](TestSession& session) {
        auto request = session.read_head();
        session.write("HTTP/1.1 100 Continue\r\n\r\n");
        std::this_thread::sleep_for(50ms);  // the client's socket is full by then
        while (request->body.size() < 16'000'000) {
            if (!session.read_more(request->body)) return;
        }
        session.write(test_answer(200, std::to_string(request->body.size())));
    }};
    EXPECT_EQ(TestClient{server}.exchange(get(large_body(16'000'000))).value().body, "16000000");
}

TEST(Connection, RefusesWhatIsNotHttp) {
    TestServer server{[](TestSession& session) {
        session.read_request();
        session.write("220 mail.test ESMTP\r\n\r\n");
        session.wait_for_end();
    }};
    EXPECT_EQ(error_of(TestClient{server}.exchange(get())).code, Errc::BadAnswer);
}

}  // namespace
}  // namespace aep::http
