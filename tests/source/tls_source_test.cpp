#include <gmock/gmock.h>
#include <openssl/pem.h>

#include <csignal>

#include "fixture.hpp"
#include "http/test_identity.hpp"
#include "source/connection_source.hpp"
#include "test_client.hpp"

namespace aep::source {
namespace {

using http::TestIdentity;
using testing::HasSubstr;

/// A sender over TLS.
class TlsClient {
  public:
    /// `identity` null: it shows no certificate.
    TlsClient(const std::string& address, const TestIdentity& server, const TestIdentity* identity = nullptr)
        : client_{address}, context_{SSL_CTX_new(TLS_client_method())} {
        SSL_CTX_load_verify_file(context_.get(), server.file().c_str());
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        if (identity != nullptr) {
            SSL_CTX_use_certificate(context_.get(), identity->certificate());
            SSL_CTX_use_PrivateKey(context_.get(), identity->key());
        }
    }
    void allow_at_most(int version) { SSL_CTX_set_max_proto_version(context_.get(), version); }

    bool connect() {
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), client_.fd());
        return SSL_connect(ssl_.get()) == 1;
    }
    bool send(std::string_view text) {
        return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) > 0;
    }
    /// The other side has ended the connection, after whatever it had to say.
    bool is_closed() {
        char byte = 0;
        return SSL_read(ssl_.get(), &byte, 1) <= 0;
    }
    void finish() { SSL_shutdown(ssl_.get()); }
    TestClient& plain() { return client_; }

  private:
    TestClient client_;
    SslContextPtr context_;
    SslPtr ssl_;
};

class TlsSourceTest : public SourceTest {
  protected:
    TlsSourceTest() {
        // TlsClient writes with write(), as OpenSSL does, also to connections that are gone.
        (void)std::signal(SIGPIPE, SIG_IGN);
        options_.type = SourceOptions::Type::Tcp;
        options_.listen = "127.0.0.1:0";
        options_.tls.cert_file = server_.file();
        options_.tls.key_file = path("key.pem");
        std::FILE* file = std::fopen(options_.tls.key_file.c_str(), "w");
        PEM_write_PrivateKey(file, server_.key(), nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(file);
    }
    ~TlsSourceTest() override {
        if (source_) source_->stop();
    }
    TlsSourceTest(const TlsSourceTest&) = delete;
    TlsSourceTest& operator=(const TlsSourceTest&) = delete;

    void open() {
        auto tls = make_server_tls(options_.tls);
        ASSERT_TRUE(tls) << tls.error().message;
        auto listener = ListeningSocket::open(options_);
        ASSERT_TRUE(listener) << listener.error().message;
        address_ = listener->address();
        start(std::make_unique<ConnectionSource>(options_, surroundings(), std::move(*listener),
                                                 std::move(*tls), times_));
    }
    [[nodiscard]] bool ended(const std::string& reason, int count) const {
        const std::string line = "aep_agent_source_connections_closed_total{reason=\"" + reason +
                                 "\",source=\"test\"} " + std::to_string(count) + "\n";
        return eventually([&] { return metrics_.text().find(line) != std::string::npos; });
    }
    [[nodiscard]] std::string refusal() const {
        auto tls = make_server_tls(options_.tls);
        return tls ? "(none)" : tls.error().message;
    }

    TestIdentity server_;
    std::string address_;
    ConnectionSource::Times times_;
};

TEST_F(TlsSourceTest, ReadsRecordsOfAllSizes) {
    open();
    TlsClient client{address_, server_};
    ASSERT_TRUE(client.connect());
    std::string big(700'000, 'b');
    client.send("one\n");
    client.send(big + "\nlast");
    client.finish();
    client.plain().close();
    ASSERT_TRUE(sees({"one", big, "last"}));
    EXPECT_TRUE(ended("closed", 1));
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(TlsSourceTest, TakesAnEndWithoutCloseNotifyForABreak) {
    open();
    TlsClient client{address_, server_};
    ASSERT_TRUE(client.connect());
    client.send("one\nhalf");
    client.plain().close();
    EXPECT_TRUE(ended("broken", 1));
    EXPECT_TRUE(sees({"one"}));
    EXPECT_TRUE(eventually([&] { return source_->lost_bytes() == 4U; }));
}

TEST_F(TlsSourceTest, GivesUpAHandshakeThatTakesTooLong) {
    times_.handshake = std::chrono::milliseconds{100};
    open();
    TestClient silent{address_};
    TestClient slow{address_};
    ASSERT_TRUE(
        slow.send(std::string_view{"\x16\x03\x01\x02\x00\x01", 6}));  // the beginning of a ClientHello
    TlsClient good{address_, server_};
    ASSERT_TRUE(good.connect());
    EXPECT_TRUE(ended("handshake", 2));
    EXPECT_TRUE(silent.is_closed());
    EXPECT_TRUE(slow.is_closed());
    ASSERT_TRUE(good.send("one\n"));
    EXPECT_TRUE(sees({"one"}));
}

TEST_F(TlsSourceTest, AsksClientsForTheirCertificate) {
    const TestIdentity good;
    const TestIdentity stranger;
    options_.tls.client_ca_file = good.file();
    open();

    TlsClient known{address_, server_, &good};
    ASSERT_TRUE(known.connect());
    ASSERT_TRUE(known.send("known\n"));
    EXPECT_TRUE(sees({"known"}));

    // In TLS 1.3 the client learns of its refusal only when it reads.
    TlsClient nobody{address_, server_};
    if (nobody.connect()) {
        nobody.send("nobody\n");
        EXPECT_TRUE(nobody.is_closed());
    }
    TlsClient wrong{address_, server_, &stranger};
    if (wrong.connect()) {
        wrong.send("wrong\n");
        EXPECT_TRUE(wrong.is_closed());
    }
    EXPECT_TRUE(ended("handshake", 2));
    EXPECT_TRUE(sees({"known"}));
}

TEST_F(TlsSourceTest, RefusesOldProtocolsAndOtherTalk) {
    open();
    TlsClient old{address_, server_};
    old.allow_at_most(TLS1_1_VERSION);
    EXPECT_FALSE(old.connect());
    TestClient plain{address_};
    plain.send("{\"a\":1}\n{\"a\":2}\n");
    EXPECT_TRUE(plain.is_closed());
    EXPECT_TRUE(ended("handshake", 2));
    EXPECT_EQ(sink_.count(), 0U);
}

TEST_F(TlsSourceTest, SaysWhatIsWrongWithItsFiles) {
    const auto good = options_.tls;
    options_.tls.cert_file = path("none.pem");
    EXPECT_THAT(refusal(), HasSubstr("tls.cert_file " + path("none.pem")));
    EXPECT_THAT(refusal(), HasSubstr("No such file"));
    options_.tls = good;
    append("not.pem", "no key");
    options_.tls.key_file = path("not.pem");
    EXPECT_THAT(refusal(), HasSubstr("tls.key_file " + path("not.pem")));
    options_.tls = good;
    options_.tls.client_ca_file = path("not.pem");
    EXPECT_THAT(refusal(), HasSubstr("tls.client_ca_file " + path("not.pem")));
}

TEST_F(TlsSourceTest, DoesNotAskForThePasswordOfItsKey) {
    std::FILE* file = std::fopen(path("locked.pem").c_str(), "w");
    ASSERT_EQ(
        PEM_write_PKCS8PrivateKey(file, server_.key(), EVP_aes_128_cbc(), "secret", 6, nullptr, nullptr), 1);
    std::fclose(file);
    options_.tls.key_file = path("locked.pem");
    EXPECT_THAT(refusal(), HasSubstr("tls.key_file"));
    EXPECT_THAT(refusal(), HasSubstr("without a password"));
}

TEST_F(TlsSourceTest, NamesItsSourceWhereItCannotBeMade) {
    options_.tls.cert_file = path("none.pem");
    const auto made = make_source(options_, surroundings(), {});
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message, HasSubstr("source 'test': tls.cert_file"));
}

}  // namespace
}  // namespace aep::source
