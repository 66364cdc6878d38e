#include "http/url.hpp"

#include <gtest/gtest.h>

#include <string>

namespace aep::http {
namespace {

TEST(Url, IsTakenApart) {
    const auto url = parse_https_url("https://DCS.adobedc.net/collection/abc?x=1");
    ASSERT_TRUE(url.has_value());
    EXPECT_EQ(url->host, "dcs.adobedc.net");
    EXPECT_EQ(url->port, 443);
    EXPECT_EQ(url->target, "/collection/abc?x=1");
    EXPECT_FALSE(url->is_address);
    EXPECT_EQ(url->host_header(), "dcs.adobedc.net");
}

TEST(Url, MayHoldAPortAndAddresses) {
    const auto v4 = parse_https_url("https://127.0.0.1:8443/collection/abc");
    ASSERT_TRUE(v4.has_value());
    EXPECT_TRUE(v4->is_address);
    EXPECT_EQ(v4->host_header(), "127.0.0.1:8443");
    const auto v6 = parse_https_url("https://[::1]:8443/collection/abc");
    ASSERT_TRUE(v6.has_value());
    EXPECT_EQ(v6->host, "::1");
    EXPECT_TRUE(v6->is_address);
    EXPECT_EQ(v6->host_header(), "[::1]:8443");
    EXPECT_EQ(parse_https_url("https://localhost")->target, "/");
}

TEST(Url, IsRefusedWhereItIsNotOne) {
    for (const char* text :
         {"", "https://", "http://host/x", "host/x", "https:///x", "https://host:0/x", "https://host:65536/x",
          "https://host:/x", "https://host:80a/x", "https://user@host/x", "https://host/x#y",
          "https://ho st/x", "https://host/a b", "https://host/\n", "https://h\xc3\xb6st/x", "https://[::1/x",
          "https://[::g]/x", "https://[]/x", "https://::1/x"}) {
        EXPECT_FALSE(parse_https_url(text).has_value()) << text;
    }
}

TEST(BatchTarget, PutsBatchInOnce) {
    EXPECT_EQ(batch_target("/collection/abc"), "/collection/batch/abc");
    EXPECT_EQ(batch_target("/collection/batch/abc"), "/collection/batch/abc");
    EXPECT_EQ(batch_target("/other/abc"), "/other/abc");
    EXPECT_EQ(batch_target("/collection/abc?to=/collection/x"), "/collection/batch/abc?to=/collection/x");
}

}  // namespace
}  // namespace aep::http
