#include "telemetry/listen_address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aep::telemetry {
namespace {

using testing::HasSubstr;

std::string parsed(std::string_view text) {
    const auto address = parse_listen_address(text);
    return address ? address->host + " " + std::to_string(address->port) : address.error().message;
}

TEST(ListenAddress, ReadsHostAndPort) {
    EXPECT_EQ(parsed("127.0.0.1:9464"), "127.0.0.1 9464");
    EXPECT_EQ(parsed("localhost:0"), "localhost 0");
    EXPECT_EQ(parsed("[::1]:65535"), "::1 65535");
}

TEST(ListenAddress, SaysWhatIsWrongWithOthers) {
    EXPECT_THAT(parsed("localhost"), HasSubstr("telemetry.listen: `localhost` has no port"));
    EXPECT_THAT(parsed("localhost:"), HasSubstr("no port between 0 and 65535"));
    EXPECT_THAT(parsed("localhost:65536"), HasSubstr("no port between 0 and 65535"));
    EXPECT_THAT(parsed("localhost:80x"), HasSubstr("no port between 0 and 65535"));
    EXPECT_THAT(parsed("localhost:-1"), HasSubstr("no port between 0 and 65535"));
    EXPECT_THAT(parsed("::1:9464"), HasSubstr("without brackets"));
    EXPECT_THAT(parsed("[::1]"), HasSubstr("port"));
    EXPECT_THAT(parsed(":9464"), HasSubstr("has no host"));
    EXPECT_THAT(parsed("[]:9464"), HasSubstr("has no host"));
    EXPECT_THAT(parsed(""), HasSubstr("`off`"));
}

}  // namespace
}  // namespace aep::telemetry
