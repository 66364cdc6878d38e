#include "delivery/request_head.hpp"

#include <gtest/gtest.h>

#include "base/version.hpp"
#include "delivery/fixture.hpp"

namespace aep::delivery {
namespace {

http::Url inlet() {
    return http::parse_https_url("https://dcs.adobedc.net/collection/abc").value();
}

TEST(RequestHead, IsWhatTheInletExpects) {
    BatchMaker maker;
    const auto batch = maker.make(1);
    const RequestHead head{inlet(), {{"x-sandbox-name", "prod"}}};
    EXPECT_EQ(head.render(*batch->stream, batch->body().size(), Coding::None, nullptr),
              "POST /collection/batch/abc HTTP/1.1\r\nHost: dcs.adobedc.net\r\nUser-Agent: aep-agent/" +
                  std::string{base::kVersion} +
                  "\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
                  "x-sandbox-name: prod\r\nContent-Length: " +
                  std::to_string(batch->body().size()) + "\r\n\r\n");
}

TEST(RequestHead, CarriesTheFlowOfRawStreams) {
    BatchMaker maker;
    auto batch = maker.make(1);
    auto raw = std::make_shared<record::StreamInfo>();
    raw->flow_id = "69f188b6-af07-4587-8061-e94d34637b41";
    batch->stream = raw;
    EXPECT_NE(RequestHead(inlet(), {})
                  .render(*batch->stream, 7, Coding::None, nullptr)
                  .find("\r\nx-adobe-flow-id: 69f188b6-af07-4587-8061-e94d34637b41\r\n"),
              std::string::npos);
}

TEST(RequestHead, CarriesTheTokenAndTheCoding) {
    http::Token token;
    token.authorization = "Bearer " + std::string(3000, 't');  // longer than what a head is mostly
    const std::string head = RequestHead(inlet(), {}).render({}, 7, Coding::Gzip, &token);
    EXPECT_NE(head.find("\r\nAuthorization: " + token.authorization + "\r\n"), std::string::npos);
    EXPECT_NE(head.find("\r\nContent-Encoding: gzip\r\n"), std::string::npos);
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace aep::delivery
