#include "http/look_up.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "http/error.hpp"
#include "http/test_client.hpp"

namespace aep::http {
namespace {

/// What stands in for name servers, for the names below.
class NameServers {
  public:
    /// "hanging.test": no answer before release().
    void wait() {
        std::unique_lock lock{mutex_};
        ++asked_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return released_; });
    }
    void hang() {
        const std::lock_guard lock{mutex_};
        released_ = false;
        asked_ = 0;
    }
    void release() {
        const std::lock_guard lock{mutex_};
        released_ = true;
        changed_.notify_all();
    }
    [[nodiscard]] unsigned asked() {
        const std::lock_guard lock{mutex_};
        return asked_;
    }
    /// "many.test": these, and asked so often.
    std::vector<std::string> addresses;
    std::atomic<unsigned> many_asked{0};

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool released_ = true;
    unsigned asked_ = 0;
};

NameServers& name_servers() {
    static NameServers all;
    return all;
}

}  // namespace
}  // namespace aep::http

/// Takes the place of the C library's.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
    using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    aep::http::NameServers& servers = aep::http::name_servers();
    if (name == nullptr) return real(name, service, hints, result);
    if (std::strcmp(name, "hanging.test") == 0) {
        servers.wait();
        return real("127.0.0.1", service, hints, result);
    }
    if (std::strcmp(name, "many.test") != 0) return real(name, service, hints, result);
    ++servers.many_asked;
    *result = nullptr;
    for (addrinfo** next = result; const std::string& address : servers.addresses) {
        const int problem = real(address.c_str(), service, hints, next);
        if (problem != 0) return problem;
        next = &(*next)->ai_next;
    }
    return 0;
}

namespace aep::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

/// Looks names up on a loop of its own.
class LookUp : public testing::Test {
  protected:
    void begin(const std::string& name, std::chrono::milliseconds limit) {
        hosts_.push_back(std::make_unique<Authority>(Authority{name, false, 443}));
        deadlines_.push_back(std::make_unique<Deadline>(io_.get_executor()));
        boost::asio::co_spawn(io_, look_up(*hosts_.back(), limit, *deadlines_.back()),
                              [this](const std::exception_ptr& failure, base::Result<Endpoints> found) {
                                  EXPECT_FALSE(failure);
                                  results_.push_back(std::move(found));
                              });
    }

    boost::asio::io_context io_{1};
    std::vector<std::unique_ptr<Authority>> hosts_;
    std::vector<std::unique_ptr<Deadline>> deadlines_;
    std::vector<base::Result<Endpoints>> results_;
};

TEST_F(LookUp, ThatHangsHoldsNobodyLongerThanTheLimit) {
    name_servers().hang();
    for (int i = 0; i < 3; ++i) begin("hanging.test", 50ms);
    begin("localhost", 10s);  // others are not affected
    io_.run_for(20s);
    ASSERT_EQ(results_.size(), 4U);
    EXPECT_EQ(results_[0].value()[0].port(), 443);
    for (int i = 1; i < 4; ++i) {
        EXPECT_EQ(results_[static_cast<std::size_t>(i)].error().code, Errc::LookUp);
        EXPECT_THAT(results_[static_cast<std::size_t>(i)].error().message,
                    HasSubstr("timed out after 50ms while looking hanging.test up"));
    }
    begin("hanging.test", 50ms);
    io_.restart();
    io_.run_for(20s);
    EXPECT_EQ(name_servers().asked(), 1U);  // one thread, not four
    name_servers().release();
}

TEST_F(LookUp, ThatIsSlowIsSharedByAllWhoWait) {
    name_servers().hang();
    for (int i = 0; i < 3; ++i) begin("hanging.test", 20s);
    io_.run_for(20ms);
    EXPECT_TRUE(results_.empty());
    name_servers().release();
    io_.run_for(20s);
    ASSERT_EQ(results_.size(), 3U);
    for (const auto& result : results_) EXPECT_EQ(result.value()[0].address().to_string(), "127.0.0.1");
}

TEST_F(LookUp, DoesNotHoldUpAStop) {
    name_servers().hang();
    begin("hanging.test", 20s);
    io_.run_for(10ms);
    deadlines_[0]->abort();
    io_.run_for(20s);
    ASSERT_EQ(results_.size(), 1U);
    EXPECT_EQ(results_[0].error().code, Errc::Stopped);
    begin("hanging.test", 20s);  // also where it was aborted before
    deadlines_[1]->abort();
    io_.restart();
    io_.run_for(20s);
    EXPECT_EQ(results_.size(), 2U);
    name_servers().release();
}

/// With a deadline of its own, which goes with the coroutine.
boost::asio::awaitable<void> look_up_alone(const Authority& host) {
    Deadline deadline{co_await boost::asio::this_coro::executor};
    (void)co_await look_up(host, 20s, deadline);
}

TEST_F(LookUp, MayOutliveTheLoopThatAskedForIt) {
    name_servers().hang();
    const Authority host{"hanging.test", false, 443};
    {
        boost::asio::io_context io{1};
        boost::asio::co_spawn(io, look_up_alone(host), boost::asio::detached);
        io.run_for(10ms);
    }
    name_servers().release();
    begin("hanging.test", 20s);
    io_.run_for(20s);
    EXPECT_TRUE(results_.at(0).has_value());
}

/// Listens, and has as many connections waiting as it takes: a further one is neither taken nor refused.
class FullListener {
  public:
    FullListener(const char* address, std::uint16_t port) : listener_{make()} {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(port);
        ::inet_pton(AF_INET, address, &at.sin_addr);
        const auto* generic = reinterpret_cast<const sockaddr*>(&at);
        if (::bind(listener_, generic, sizeof at) != 0 || ::listen(listener_, 0) != 0) {
            throw std::runtime_error{"cannot listen"};
        }
        for (int& client : clients_) {
            client = make();
            (void)::connect(client, generic, sizeof at);
        }
    }
    ~FullListener() {
        for (const int client : clients_) ::close(client);
        ::close(listener_);
    }
    FullListener(const FullListener&) = delete;
    FullListener& operator=(const FullListener&) = delete;

  private:
    static int make() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

    int listener_;
    std::array<int, 4> clients_{};
};

TEST(Dial, TriesAllAddressesAndLooksThemUpAnewEachTime) {
    TestServer server{TestServer::answering([](const auto&) { return test_answer(200, "reached"); }),
                      TestServer::Protocol::Any, "DNS:many.test"};
    name_servers().addresses = {"127.0.0.9", "::1", "127.0.0.1"};  // nobody listens at the first two
    name_servers().many_asked = 0;
    TestClient client{server, "many.test"};
    EXPECT_EQ(client.exchange(get()).value().body, "reached");
    EXPECT_EQ(name_servers().many_asked, 1U);

    name_servers().addresses = {"127.0.0.9"};
    TestClient moved{server, "many.test"};
    EXPECT_EQ(error_of(moved.exchange(get())).code, Errc::Connect);
    name_servers().addresses = {"127.0.0.1"};
    EXPECT_EQ(moved.exchange(get()).value().body, "reached");
    EXPECT_EQ(name_servers().many_asked, 3U);
}

TEST(Dial, LetsAnAddressThatDoesNotAnswerLeaveTimeForTheOthers) {
    // A socket whose backlog is full takes no more connections, and does not refuse them.
    TestServer server{TestServer::answering([](const auto&) { return test_answer(200, "reached"); }),
                      TestServer::Protocol::Any, "DNS:many.test"};
    const FullListener full{"127.0.0.2", server.port()};
    name_servers().addresses = {"127.0.0.2", "127.0.0.1"};
    TestClient client{server.url("many.test"), server.ca_file(), {.connect = 600ms, .request = 10s}};
    const auto began = base::SteadyClock::now();
    EXPECT_EQ(client.exchange(get()).value().body, "reached");
    EXPECT_GE(base::SteadyClock::now() - began, 300ms);

    name_servers().addresses = {"127.0.0.2", "127.0.0.2", "127.0.0.2"};
    TestClient hopeless{server.url("many.test"), server.ca_file(), {.connect = 900ms, .request = 10s}};
    const auto began_again = base::SteadyClock::now();
    EXPECT_THAT(error_of(hopeless.exchange(get())).message, HasSubstr("127.0.0.2"));
    EXPECT_GE(base::SteadyClock::now() - began_again, 850ms);  // all three together, not each
    EXPECT_LT(base::SteadyClock::now() - began_again, 2600ms);
}

}  // namespace
}  // namespace aep::http
