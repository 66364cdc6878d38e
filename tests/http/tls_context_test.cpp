#include "http/tls_context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <vector>

#include "http/error.hpp"
#include "http/test_client.hpp"

namespace aep::http {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using Protocol = TestServer::Protocol;

constexpr TimeoutOptions kTimeouts{10s, 10s};

TlsOptions with_certificate(const std::string& ca_file, const TestIdentity& identity) {
    return {.ca_file = ca_file, .cert_file = identity.file(), .key_file = identity.key_file()};
}

TEST(TlsContext, SaysWhichFileItCannotUse) {
    const auto context = TlsContext::create({.ca_file = "/no/such/ca.pem"});
    ASSERT_FALSE(context);
    EXPECT_THAT(context.error().message,
                HasSubstr("tls.ca_file /no/such/ca.pem cannot be used: No such file"));
}

TEST(TlsContext, RefusesAFileWithoutCertificates) {
    EXPECT_FALSE(TlsContext::create({.ca_file = "/dev/null"}));
}

TEST(TlsContext, SaysWhichHalfOfAClientCertificateItCannotUse) {
    const TestIdentity identity;
    TlsOptions options = with_certificate(identity.file(), identity);
    options.cert_file = "/no/such/cert.pem";
    EXPECT_THAT(TlsContext::create(options).error().message,
                HasSubstr("tls.cert_file /no/such/cert.pem cannot be used: No such file"));
    options = with_certificate(identity.file(), identity);
    options.key_file = "/no/such/key.pem";
    EXPECT_THAT(TlsContext::create(options).error().message,
                HasSubstr("tls.key_file /no/such/key.pem cannot be used: No such file"));
}

TEST(TlsContext, RefusesAKeyOfAnotherCertificate) {
    const TestIdentity identity;
    const TestIdentity other;
    TlsOptions options = with_certificate(identity.file(), identity);
    options.key_file = other.key_file();
    EXPECT_THAT(
        TlsContext::create(options).error().message,
        testing::AllOf(HasSubstr("tls.key_file " + other.key_file() + " cannot be used: key values mismatch"),
                       HasSubstr("the key (PEM, no passphrase) of tls.cert_file")));
}

/// Says for each connection whether it was resumed, and closes it behind one answer.
class Resumption : public testing::TestWithParam<Protocol> {
  protected:
    std::mutex mutex_;
    std::vector<bool> resumed_;
    TestServer server_{[this](TestSession& session) {
                           session.read_request();
                           {
                               const std::lock_guard lock{mutex_};
                               resumed_.push_back(session.resumed());
                           }
                           session.write(test_answer(200, "one each", "Connection: close\r\n"));
                           session.say_goodbye();
                       },
                       GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Of, Resumption, testing::Values(Protocol::Tls12, Protocol::Tls13),
                         [](const auto& given) {
                             return given.param == Protocol::Tls12 ? "Tls12" : "Tls13";
                         });

TEST_P(Resumption, SavesTheNextConnectionsTheHandshake) {
    TestClient client{server_};
    for (int i = 0; i < 4; ++i) ASSERT_EQ(client.exchange(get()).value().status, 200);
    EXPECT_THAT(resumed_, ElementsAre(false, true, true, true));
}

TEST_P(Resumption, EndsWhenWhatIsTrustedChanges) {
    const TestIdentity other;
    const std::string ca_file = server_.ca_file() + ".copy";
    std::filesystem::copy_file(server_.ca_file(), ca_file);
    TestClient client{server_.url(), ca_file};
    EXPECT_EQ(client.exchange(get()).value().status, 200);
    std::filesystem::copy_file(other.file(), ca_file, std::filesystem::copy_options::overwrite_existing);
    EXPECT_EQ(error_of(client.exchange(get())).code, Errc::Certificate);
    std::filesystem::remove(ca_file);
    // Gone: what was read last stays in force.
    EXPECT_EQ(error_of(client.exchange(get())).code, Errc::Certificate);
    std::filesystem::copy_file(server_.ca_file(), ca_file);
    EXPECT_EQ(client.exchange(get()).value().status, 200);
    std::filesystem::remove(ca_file);
    EXPECT_THAT(resumed_, ElementsAre(false, false));
}

class ClientCertificate : public testing::TestWithParam<Protocol> {
  protected:
    ClientCertificate() { server_.want_client(identity_); }

    const TestIdentity identity_;
    TestServer server_{TestServer::answering([](const auto&) { return test_answer(200, "known"); }),
                       GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Of, ClientCertificate, testing::Values(Protocol::Tls12, Protocol::Tls13),
                         [](const auto& given) {
                             return given.param == Protocol::Tls12 ? "Tls12" : "Tls13";
                         });

TEST_P(ClientCertificate, IsShownToWhoeverAsks) {
    TestClient client{server_.url(), with_certificate(server_.ca_file(), identity_), kTimeouts};
    EXPECT_EQ(client.exchange(get()).value().body, "known");
}

TEST_P(ClientCertificate, ThatIsMissingOrUnknownIsAnOperatorsMatter) {
    const TestIdentity other;
    TestClient without{server_};
    const base::Error missing = error_of(without.exchange(get("{}")));
    EXPECT_EQ(missing.code, Errc::TlsRefused) << missing.message;
    EXPECT_THAT(missing.message, HasSubstr("tls.cert_file"));
    EXPECT_TRUE(needs_operator(missing));
    EXPECT_FALSE(may_have_arrived(missing));
    TestClient stranger{server_.url(), with_certificate(server_.ca_file(), other), kTimeouts};
    EXPECT_EQ(error_of(stranger.exchange(get("{}"))).code, Errc::TlsRefused);
}

TEST_P(ClientCertificate, IsReadAgainWhenItChanges) {
    const TestIdentity other;
    const std::string cert_file = other.file() + ".cert";
    const std::string key_file = other.file() + ".key";
    std::filesystem::copy_file(other.file(), cert_file);
    std::filesystem::copy_file(other.key_file(), key_file);
    TestClient client{server_.url(),
                      {.ca_file = server_.ca_file(), .cert_file = cert_file, .key_file = key_file},
                      kTimeouts};
    EXPECT_EQ(error_of(client.exchange(get())).code, Errc::TlsRefused);
    const auto over = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(identity_.file(), cert_file, over);
    // Half of the pair: the old one stays.
    EXPECT_EQ(error_of(client.exchange(get())).code, Errc::TlsRefused);
    std::filesystem::copy_file(identity_.key_file(), key_file, over);
    EXPECT_EQ(client.exchange(get()).value().body, "known");
    std::filesystem::remove(cert_file);
    std::filesystem::remove(key_file);
}

TEST(TlsVersion, ThatIsTooOldIsAnOperatorsMatter) {
    TestServer server{[](TestSession&) { ADD_FAILURE() << "the handshake succeeded"; }};
    server.speak_only(TLS1_1_VERSION);
    const base::Error error = error_of(TestClient{server}.exchange(get("secret")));
    EXPECT_EQ(error.code, Errc::TlsRefused) << error.message;
    EXPECT_THAT(error.message, HasSubstr("TLS 1.2 or later"));
}

TEST(TlsVersion, OfAPlainServerIsNone) {
    TestServer server{[](TestSession&) {}, Protocol::Silent};
    server.greet("HTTP/1.1 400 Bad Request\r\n\r\n");
    const base::Error error = error_of(TestClient{server}.exchange(get("secret")));
    EXPECT_EQ(error.code, Errc::TlsRefused) << error.message;
    EXPECT_THAT(error.message, HasSubstr("does not speak TLS"));
}

}  // namespace
}  // namespace aep::http
