#include "http/proxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "http/error.hpp"
#include "http/plain_server.hpp"
#include "http/test_client.hpp"

namespace aep::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

Authority host(std::string_view text) {
    return parse_authority(text, 443).value();
}

TEST(ProxyUrl, IsTakenApart) {
    const Proxy plain = parse_proxy_url("http://Proxy.test").value();
    EXPECT_EQ(plain.host.to_string(), "proxy.test:80");
    EXPECT_EQ(plain.authorization, "");
    const Proxy full = parse_proxy_url("http://Aladdin:open%20sesame@[::1]:3128/").value();
    EXPECT_EQ(full.host.to_string(), "[::1]:3128");
    EXPECT_EQ(full.authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617, section 2
    EXPECT_EQ(parse_proxy_url("10.0.0.1:3128").value().host.to_string(), "10.0.0.1:3128");
    EXPECT_EQ(parse_proxy_url("http://user@proxy").value().authorization, "Basic dXNlcjo=");
}

TEST(ProxyUrl, ThatIsWrongIsNotQuoted) {
    for (const char* text : {"", "http://", "https://secret@proxy:3128", "socks5://secret:x@proxy:1080",
                             "http://secret:%zz@proxy", "http://secret@proxy:0", "http://secret@proxy:99999",
                             "http://secret@pro xy", "http://secret@proxy/path"}) {
        const auto proxy = parse_proxy_url(text);
        ASSERT_FALSE(proxy) << text;
        EXPECT_THAT(proxy.error().message, Not(HasSubstr("secret"))) << text;
        EXPECT_THAT(proxy.error().message, HasSubstr("write http://")) << text;
    }
}

TEST(NoProxy, NamesHostsDomainsAddressesAndNetworks) {
    const struct {
        const char* list;
        const char* host;
        bool named;
    } cases[] = {
        {"", "aep.test", false},
        {"*", "aep.test", true},
        {"aep.test", "aep.test", true},
        {"AEP.Test", "aep.test", true},
        {"aep.test", "a.b.aep.test", true},
        {".aep.test", "a.aep.test", true},
        {".aep.test", "aep.test", true},
        {"*.aep.test", "a.aep.test", true},
        {"aep.test", "notaep.test", false},
        {"a.aep.test", "aep.test", false},
        {"x.test,aep.test", "aep.test", true},
        {" x.test , aep.test ", "aep.test", true},
        {"x.test aep.test", "aep.test", true},
        {"aep.test:443", "aep.test", true},
        {"aep.test:8443", "aep.test", false},
        {"aep.test:8443", "aep.test:8443", true},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3:443", "10.1.2.3", true},
        {"10.1.2.4", "10.1.2.3", false},
        {"2.3", "10.1.2.3", false},
        {"10.0.0.0/8", "10.1.2.3", true},
        {"10.9.9.9/8", "10.1.2.3", true},
        {"10.0.0.0/16", "10.1.2.3", false},
        {"10.0.0.0/33", "10.1.2.3", false},
        {"fd00::/8", "[fd00::1]", true},
        {"fd00::/8", "10.1.2.3", false},
        {"fd00::1", "[fd00::1]", true},
        {"[fd00::1]", "[fd00::1]", true},
        {"[fd00::1]:443", "[fd00::1]", true},
        {"[fd00::1]:80", "[fd00::1]", false},
        {"10.0.0.0/8", "ten.test", false},
        {",,:,.,/", "aep.test", false},
    };
    for (const auto& one : cases) {
        EXPECT_EQ(is_named_by(one.list, host(one.host)), one.named) << one.list << " and " << one.host;
    }
}

/// The proxy's host, "direct", or the error.
std::string chosen(const std::string& setting, std::string_view peer,
                   const std::map<std::string, std::string>& variables) {
    const auto choice =
        choose_proxy(setting, host(peer), [&variables](const char* name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            if (found == variables.end()) return std::nullopt;
            return found->second;
        });
    if (!choice) return choice.error().message;
    return *choice ? (*choice)->host.to_string() : "direct";
}

TEST(ProxyChoice, GoesBySettingThenEnvironment) {
    EXPECT_EQ(chosen("", "aep.test", {}), "direct");
    EXPECT_EQ(chosen("", "aep.test", {{"HTTPS_PROXY", "http://env:1"}}), "env:1");
    EXPECT_EQ(chosen("", "aep.test", {{"https_proxy", "http://env:1"}, {"HTTPS_PROXY", "http://env:2"}}),
              "env:1");
    EXPECT_EQ(chosen("", "aep.test", {{"https_proxy", ""}, {"HTTPS_PROXY", "http://env:2"}}), "env:2");
    EXPECT_EQ(chosen("", "aep.test", {{"HTTP_PROXY", "http://env:1"}}), "direct");
    EXPECT_EQ(chosen("", "aep.test", {{"HTTPS_PROXY", "http://env:1"}, {"NO_PROXY", "test"}}), "direct");
    EXPECT_EQ(chosen("", "aep.test", {{"HTTPS_PROXY", "http://env:1"}, {"no_proxy", "other"}}), "env:1");
    EXPECT_EQ(chosen("none", "aep.test", {{"HTTPS_PROXY", "http://env:1"}}), "direct");
    // What is written for one destination goes before what is there for all.
    EXPECT_EQ(chosen("http://mine:3128", "aep.test", {{"HTTPS_PROXY", "http://env:1"}, {"NO_PROXY", "*"}}),
              "mine:3128");
}

TEST(ProxyChoice, LeavesThisHostOutOfTheEnvironmentsProxy) {
    for (const char* here : {"localhost:8443", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]"}) {
        EXPECT_EQ(chosen("", here, {{"HTTPS_PROXY", "http://env:1"}}), "direct") << here;
        EXPECT_EQ(chosen("http://mine:3128", here, {}), "mine:3128") << here;
    }
}

TEST(ProxyChoice, NamesTheVariableThatIsWrong) {
    EXPECT_THAT(chosen("", "aep.test", {{"HTTPS_PROXY", "socks5://x:1080"}}),
                HasSubstr("environment variable HTTPS_PROXY: the proxy's URL"));
}

/// A proxy that a test scripts: it reads a head and does what it is told.
class TestProxy {
  public:
    using Serve = std::function<void(PlainSession&)>;
    explicit TestProxy(Serve serve) : listener_{std::move(serve)} {}
    [[nodiscard]] Proxy with(const std::string& user = "") const {
        return parse_proxy_url(
                   fmt::format("http://{}127.0.0.1:{}", user.empty() ? "" : user + "@", listener_.port()))
            .value();
    }

  private:
    PlainServer listener_;
};

constexpr TimeoutOptions kTimeouts{10s, 10s};

TEST(Tunnel, LeadsThroughTheProxyWithItsCredentials) {
    TestServer server{TestServer::answering([](const auto&) { return test_answer(200, "through"); }),
                      TestServer::Protocol::Any, "DNS:inlet.test"};
    std::string asked;
    TestProxy proxy{[&](PlainSession& session) {
        asked = session.read_head();
        session.write("HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n");
        session.relay(server.port());
    }};
    // A name that only the proxy knows.
    TestClient client{
        server.url("inlet.test"), {.ca_file = server.ca_file()}, kTimeouts, proxy.with("me:pass")};
    EXPECT_EQ(client.exchange(get("{}")).value().body, "through");
    EXPECT_EQ(client.exchange(get("{}")).value().body, "through");
    EXPECT_EQ(server.connections(), 1U);
    EXPECT_THAT(asked, HasSubstr(fmt::format("CONNECT inlet.test:{0} HTTP/1.1\r\nHost: inlet.test:{0}\r\n",
                                             server.port())));
    EXPECT_THAT(asked, HasSubstr("\r\nProxy-Authorization: Basic bWU6cGFzcw==\r\n"));
}

TEST(Tunnel, StillProvesThatThePeerIsWhoItShouldBe) {
    TestServer server{[](TestSession&) { ADD_FAILURE() << "the handshake succeeded"; },
                      TestServer::Protocol::Tls12};
    TestProxy proxy{[&](PlainSession& session) {
        session.read_head();
        session.write("HTTP/1.1 200 OK\r\n\r\n");
        session.relay(server.port());
    }};
    TestClient client{server.url("inlet.test"), {.ca_file = server.ca_file()}, kTimeouts, proxy.with()};
    EXPECT_EQ(error_of(client.exchange(get())).code, Errc::Certificate);
}

class TunnelRefused : public testing::TestWithParam<std::pair<const char*, const char*>> {};
INSTANTIATE_TEST_SUITE_P(
    With, TunnelRefused,
    testing::Values(
        std::pair{"HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwhat",
                  "it answers 407; check the user and password in the proxy's URL"},
        std::pair{"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "it answers 403; allow that host"},
        std::pair{"HTTP/1.0 502 Bad Gateway\r\n\r\n<html>", "it answers 502; it cannot reach"},
        std::pair{"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "it answers 302"},
        std::pair{"SSH-2.0-x\r\n\r\n", "not HTTP"}, std::pair{"", "closed the connection"}));

TEST_P(TunnelRefused, IsAnOperatorsMatter) {
    TestProxy proxy{[](PlainSession& session) {
        session.read_head();
        session.write(GetParam().first);
    }};
    TestClient client{"https://inlet.test/x", TlsOptions{}, kTimeouts, proxy.with("user:hunter2")};
    const base::Error error = error_of(client.exchange(get()));
    EXPECT_EQ(error.code, Errc::Proxy);
    EXPECT_TRUE(needs_operator(error));
    EXPECT_FALSE(may_have_arrived(error));
    EXPECT_THAT(error.message, HasSubstr("does not lead to inlet.test:443: "));
    EXPECT_THAT(error.message, HasSubstr(GetParam().second));
    EXPECT_THAT(error.message, Not(HasSubstr("hunter2")));
}

TEST(Tunnel, SaysThatItIsTheProxyThatCannotBeReached) {
    std::optional<TestProxy> proxy{std::in_place, [](PlainSession&) {}};
    TestClient client{"https://inlet.test/x", TlsOptions{}, kTimeouts, proxy->with()};
    proxy.reset();
    const base::Error error = error_of(client.exchange(get()));
    EXPECT_EQ(error.code, Errc::Connect);
    EXPECT_THAT(error.message, HasSubstr("the proxy: cannot connect to 127.0.0.1:"));
}

TEST(Tunnel, IsBoundedInTimeAndEndsAtOnceWhenAborted) {
    TestProxy proxy{[](PlainSession& session) {
        session.read_head();
        session.wait_for_end();
    }};
    TestClient slow{"https://inlet.test/x", TlsOptions{}, {.connect = 50ms, .request = 10s}, proxy.with()};
    EXPECT_THAT(error_of(slow.exchange(get())).message, HasSubstr("no answer within 50ms"));
    TestClient stopped{"https://inlet.test/x", TlsOptions{}, kTimeouts, proxy.with()};
    stopped.abort_after(20ms);
    EXPECT_EQ(error_of(stopped.exchange(get())).code, Errc::Stopped);
}

}  // namespace
}  // namespace aep::http
