#include "telemetry/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace aep::telemetry {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

/// A client with a plain blocking socket and a deadline for everything it reads.
class Client {
  public:
    explicit Client(std::uint16_t port, const std::string& address = "127.0.0.1") : socket_{context_} {
        socket_.connect({asio::ip::make_address(address), port});
    }

    void send(std::string_view bytes) {
        boost::system::error_code ignored;  // the server may have hung up
        asio::write(socket_, asio::buffer(bytes), ignored);
    }

    /// Whatever comes until the server closes, or nothing came for `patience`.
    std::string read_to_end(std::chrono::milliseconds patience = 10s) {
        std::string all;
        while (wait_readable(patience)) {
            std::array<char, 4096> part{};
            boost::system::error_code error;
            const std::size_t size = socket_.read_some(asio::buffer(part), error);
            if (error) {
                closed_ = true;
                break;
            }
            all.append(part.data(), size);
        }
        return all;
    }

    std::string read_until(std::string_view end) {
        std::string all;
        while (!all.ends_with(end) && wait_readable(10s)) {
            char c = 0;
            boost::system::error_code error;
            if (socket_.read_some(asio::buffer(&c, 1), error) == 0) break;
            all += c;
        }
        return all;
    }

    [[nodiscard]] bool closed() const { return closed_; }

  private:
    bool wait_readable(std::chrono::milliseconds patience) {
        pollfd polled{.fd = socket_.native_handle(), .events = POLLIN, .revents = 0};
        return ::poll(&polled, 1, static_cast<int>(patience.count())) == 1;
    }

    asio::io_context context_;
    tcp::socket socket_;
    bool closed_ = false;
};

class ServerTest : public testing::Test {
  protected:
    void start(const std::string& listen = "127.0.0.1:0", const ServerLimits& limits = {}) {
        auto started = Server::start(listen, metrics_, health_, limits);
        ASSERT_TRUE(started) << started.error().message;
        server_ = std::move(*started);
    }

    std::string ask(const std::string& request_line) {
        Client client{server_->port()};
        client.send(request_line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        return client.read_to_end();
    }

    Metrics metrics_;
    Health health_;
    std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, ShowsMetrics) {
    start();
    metrics_.counter("seen_total", "Seen.").Increment();
    const std::string answer = ask("GET /metrics?debug=1");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    EXPECT_THAT(answer, HasSubstr("\nseen_total 1\n"));
}

TEST_F(ServerTest, IsHealthyWhileTheProcessWorks) {
    start();
    EXPECT_THAT(ask("GET /healthz"), EndsWith("\r\n\r\nok\n"));
}

TEST_F(ServerTest, IsReadyOnlyWithoutTrouble) {
    start();
    EXPECT_THAT(ask("GET /readyz"), StartsWith("HTTP/1.1 503 "));
    health_.set_running(true);
    EXPECT_THAT(ask("GET /readyz"), EndsWith("\r\n\r\nready\n"));
    health_.set_trouble("destination inlet", "unreachable");
    const std::string answer = ask("GET /readyz");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(answer, EndsWith("\r\n\r\ndestination inlet: unreachable\n"));
}

TEST_F(ServerTest, ListsItsPathsWhereNothingIs) {
    start();
    const std::string answer = ask("GET /");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(answer, HasSubstr("/metrics"));
    EXPECT_THAT(answer, HasSubstr("/readyz"));
}

TEST_F(ServerTest, AnswersOnlyGetAndHead) {
    start();
    EXPECT_THAT(ask("DELETE /metrics"), StartsWith("HTTP/1.1 405 "));
    EXPECT_THAT(ask("POST /metrics"), HasSubstr("\r\nAllow: GET, HEAD\r\n"));
    const std::string head = ask("HEAD /healthz");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(head, HasSubstr("Content-Length: 3\r\n"));
    EXPECT_THAT(head, EndsWith("\r\n\r\n"));
}

TEST_F(ServerTest, RefusesABodyWithoutReadingIt) {
    start();
    Client client{server_->port()};
    client.send("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nsome");
    EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 405 "));
}

TEST_F(ServerTest, AnswersManyRequestsOnOneConnection) {
    start();
    Client client{server_->port()};
    for (int i = 0; i < 3; ++i) {
        client.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_THAT(client.read_until("ok\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
    }
    client.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /other HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(client.read_until("ok\n"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(client.read_until("why not\n"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(ServerTest, RefusesAHeadAbove8KiB) {
    start();
    Client client{server_->port()};
    client.send("GET /metrics HTTP/1.1\r\nX: " + std::string(30'000, 'a') + "\r\n\r\n");
    EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 431 "));
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, RefusesWhatIsNotHttp) {
    start();
    Client client{server_->port()};
    client.send("\x16\x03\x01 this is no HTTP\r\n\r\n");
    EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 400 "));
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, HangsUpOnASlowClient) {
    start("127.0.0.1:0", {.request_time = 100ms});
    Client silent{server_->port()};
    Client slow{server_->port()};
    slow.send("GET /metr");
    EXPECT_EQ(slow.read_to_end(), "");
    EXPECT_EQ(silent.read_to_end(), "");
    EXPECT_TRUE(slow.closed());
    EXPECT_TRUE(silent.closed());
}

TEST_F(ServerTest, LetsTooManyClientsWaitForTheirTurn) {
    start("127.0.0.1:0", {.connections = 2, .request_time = 10s});
    auto first = std::make_unique<Client>(server_->port());
    auto second = std::make_unique<Client>(server_->port());
    // An answer proves that the connection has been taken.
    for (Client* holding : {first.get(), second.get()}) {
        holding->send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_THAT(holding->read_until("ok\n"), StartsWith("HTTP/1.1 200 "));
    }
    Client third{server_->port()};
    third.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(third.read_to_end(100ms), "");
    EXPECT_FALSE(third.closed());
    first.reset();
    EXPECT_THAT(third.read_to_end(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, AnswersManyClientsAtOnce) {
    start();
    std::vector<std::string> answers(64);
    {
        std::vector<std::jthread> clients;
        for (std::string& answer : answers) {
            clients.emplace_back([&answer, this] { answer = ask("GET /metrics"); });
        }
    }
    for (const std::string& answer : answers) EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, SurvivesACollectorThatThrows) {
    start();
    metrics_.on_collect([](auto&) { throw std::runtime_error{"broken collector"}; });
    testing::internal::CaptureStderr();
    EXPECT_THAT(ask("GET /metrics"), StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("broken collector"));
    EXPECT_THAT(ask("GET /healthz"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, ListensOnIpv6) {
    asio::io_context context;
    tcp::acceptor probe{context};
    boost::system::error_code error;
    probe.open(tcp::v6(), error);
    if (!error) probe.bind({asio::ip::make_address("::1"), 0}, error);
    if (error) GTEST_SKIP() << "no IPv6 here: " << error.message();
    start("[::1]:0");
    Client client{server_->port(), "::1"};
    client.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(client.read_to_end(), EndsWith("ok\n"));
}

TEST_F(ServerTest, ListensOnLocalhost) {
    start("localhost:0");
    EXPECT_NE(server_->port(), 0);
}

TEST_F(ServerTest, SaysWhatToDoWhenTheAddressIsInUse) {
    start();
    const std::string taken = "127.0.0.1:" + std::to_string(server_->port());
    const auto second = Server::start(taken, metrics_, health_);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("telemetry.listen: cannot listen on " + taken));
    EXPECT_THAT(second.error().message, HasSubstr("in use"));
    EXPECT_THAT(second.error().message, HasSubstr("`off`"));
}

TEST_F(ServerTest, SaysWhatIsWrongWithTheAddress) {
    const auto no_port = Server::start("127.0.0.1", metrics_, health_);
    ASSERT_FALSE(no_port);
    EXPECT_THAT(no_port.error().message, HasSubstr("telemetry.listen"));
    const auto foreign = Server::start("192.0.2.1:9464", metrics_, health_);
    ASSERT_FALSE(foreign);
    EXPECT_THAT(foreign.error().message, HasSubstr("192.0.2.1:9464"));
}

TEST_F(ServerTest, StopsWhileClientsAreConnected) {
    start();
    Client idle{server_->port()};
    idle.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    static_cast<void>(idle.read_until("ok\n"));
    server_.reset();
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_TRUE(idle.closed());
}

}  // namespace
}  // namespace aep::telemetry
