#include "inlet/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "inlet/running_inlet.hpp"

namespace aep::inlet {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Certificates : public RunningInlet {
  protected:
    /// What a client finds that expects `host_name`; "ok" when all is well.
    std::string verified(const std::string& ca_pem, const std::string& host_name) {
        HttpsClient::Trust trust;
        trust.ca_pem = ca_pem;
        trust.host_name = host_name;
        const HttpsClient client{inlet->port(), trust};
        EXPECT_EQ(client.connected(), client.verification() == "ok");
        return client.verification();
    }
};

TEST_F(Certificates, AreTrustedUnderEveryNameOfThisMachine) {
    start();
    EXPECT_EQ(verified(inlet->ca_pem(), "localhost"), "ok");
    EXPECT_EQ(verified(inlet->ca_pem(), "127.0.0.1"), "ok");
    EXPECT_EQ(verified(inlet->ca_pem(), "::1"), "ok");
}

TEST_F(Certificates, AreNotTrustedUnderAnotherCa) {
    start();
    const auto other = make_identity("localhost");
    ASSERT_TRUE(other);
    EXPECT_NE(verified(to_pem(*other->ca), "localhost"), "ok");
}

TEST_F(Certificates, HoldOnlyTheHostNameThatWasAskedFor) {
    options.host_name = "inlet.test";
    start();
    EXPECT_EQ(verified(inlet->ca_pem(), "inlet.test"), "ok");
    EXPECT_THAT(verified(inlet->ca_pem(), "localhost"), testing::ContainsRegex("[Hh]ostname mismatch"));
    EXPECT_THAT(verified(inlet->ca_pem(), "127.0.0.1"), HasSubstr("IP address mismatch"));
}

TEST_F(Certificates, CanBeMadeForAnAddress) {
    options.host_name = "192.0.2.7";
    start();
    EXPECT_EQ(verified(inlet->ca_pem(), "192.0.2.7"), "ok");
    EXPECT_NE(verified(inlet->ca_pem(), "127.0.0.1"), "ok");
}

TEST_F(Certificates, AreNotMadeForWhatIsNoHostName) {
    options.host_name = "evil,DNS:example.com";
    options.listen = "127.0.0.1:0";
    const auto started = Inlet::start(options);
    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().message, HasSubstr("neither a DNS name nor an IP address"));
}

TEST_F(Certificates, WriteTheCaWhereItWasAskedFor) {
    options.ca_file = dir / "ca.pem";
    start();
    EXPECT_EQ(contents(dir / "ca.pem"), inlet->ca_pem());
    EXPECT_THAT(inlet->ca_pem(), StartsWith("-----BEGIN CERTIFICATE-----"));
}

TEST_F(Certificates, SpeakTls12) {
    start();
    HttpsClient::Trust trust;
    trust.ca_pem = inlet->ca_pem();
    trust.max_tls_version = TLS1_2_VERSION;
    EXPECT_TRUE((HttpsClient{inlet->port(), trust}.connected()));
}

TEST_F(Certificates, RefuseTls11) {
    start();
    HttpsClient::Trust trust;
    trust.ca_pem = inlet->ca_pem();
    trust.max_tls_version = TLS1_1_VERSION;
    EXPECT_FALSE((HttpsClient{inlet->port(), trust}.connected()));
}

TEST_F(Certificates, OutliveARestartInTheirFile) {
    options.identity_file = dir / "identity.pem";
    start();
    const std::string before = inlet->ca_pem();
    inlet.reset();
    start();
    EXPECT_EQ(inlet->ca_pem(), before);
    EXPECT_EQ(verified(before, "localhost"), "ok");
    struct ::stat status {};
    ASSERT_EQ(::stat((dir / "identity.pem").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(Certificates, AreNewAtEveryStartWithoutAFile) {
    start();
    const std::string before = inlet->ca_pem();
    inlet.reset();
    start();
    EXPECT_NE(inlet->ca_pem(), before);
}

TEST_F(Certificates, AreNotReadFromAFileOfSomethingElse) {
    std::ofstream{dir / "identity.pem"} << "hello\n";
    const auto loaded = load_or_make_identity(dir / "identity.pem", "localhost");
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message, HasSubstr("remove it"));
}

}  // namespace
}  // namespace aep::inlet
