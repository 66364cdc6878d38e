#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <string>

#include "inlet/running_inlet.hpp"
#include "inlet/samples.hpp"

namespace aep::inlet {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

constexpr const char* kSingle = "/collection/abc";
constexpr const char* kBatch = "/collection/batch/abc";

json::object object_of(const Answer& answer) {
    return json::parse(answer.body).as_object();
}

class Collected : public RunningInlet {
  protected:
    Collected() { options.org_id = kOrg; }

    Answer post(const std::string& target, const std::string& body, const std::string& headers = "") {
        if (!inlet) start();
        return connect()->post(target, body, headers);
    }
};

TEST_F(Collected, SingleMessageIsAnsweredWith200) {
    const Answer answer = post(kSingle, message_with_id("a"));
    EXPECT_EQ(answer.status, 200);
    const json::object object = object_of(answer);
    EXPECT_EQ(object.at("inletId"), "abc");
    EXPECT_TRUE(object.at("xactionId").is_string());
    EXPECT_GT(object.at("receivedTimeMs").to_number<std::int64_t>(), 1'700'000'000'000);
    EXPECT_EQ(object.size(), 3U);
    EXPECT_EQ(inlet->stats().accepted, 1U);
}

TEST_F(Collected, WrongSingleMessageIsAnsweredWithAProblem) {
    const Answer answer = post(kSingle, R"({"body":{}})");
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.head, HasSubstr("Content-Type: application/problem+json"));
    const json::object object = object_of(answer);
    EXPECT_EQ(object.at("status"), 400);
    EXPECT_EQ(object.at("title"), "Invalid XDM Message Format");
    EXPECT_EQ(object.at("type"), "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet");
    EXPECT_THAT(
        std::string{object.at("report").at("message").as_string()},
        HasSubstr("inletId: [abc] imsOrgId: [0123456789ABCDEF@AdobeOrg] The 'header' field is mandatory."));
    EXPECT_EQ(inlet->stats().refused, 1U);
}

TEST_F(Collected, BatchIsAnsweredWithOneEntryForEachMessage) {
    const Answer answer = post(kBatch, batch_of({message_with_id("a"), message_with_id("b")}));
    EXPECT_EQ(answer.status, 207);
    EXPECT_THAT(answer.head, testing::StartsWith("HTTP/1.1 207 Multi-Status\r\n"));
    const json::object object = object_of(answer);
    EXPECT_EQ(object.at("inletId"), "abc");
    EXPECT_TRUE(object.at("batchId").is_string());
    EXPECT_TRUE(object.at("receivedTimeMs").is_int64());
    const json::array& responses = object.at("responses").as_array();
    ASSERT_EQ(responses.size(), 2U);
    EXPECT_EQ(responses[1].as_object().size(), 1U);
    EXPECT_TRUE(std::string{responses[1].at("xactionId").as_string()}.ends_with("-1"));
}

TEST_F(Collected, FailedEntryHasStatusAndId) {
    const Answer answer = post(kBatch, batch_of({message_with_id("a"), "{}", "7", message_with_id("b")}));
    EXPECT_EQ(answer.status, 207);
    const json::array responses = object_of(answer).at("responses").as_array();
    ASSERT_EQ(responses.size(), 4U);
    const json::object& failed = responses[1].as_object();
    EXPECT_EQ(failed.at("status"), 400);
    EXPECT_TRUE(std::string{failed.at("xactionId").as_string()}.ends_with("-1"));
    EXPECT_THAT(std::string{failed.at("message").as_string()}, HasSubstr("The 'header' field is mandatory"));
    EXPECT_EQ(responses[2].at("status"), 400);
    EXPECT_FALSE(responses[3].as_object().contains("status"));
    const Inlet::Stats stats = inlet->stats();
    EXPECT_EQ(stats.requests, 1U);
    EXPECT_EQ(stats.messages, 4U);
    EXPECT_EQ(stats.accepted, 2U);
    EXPECT_EQ(stats.refused, 2U);
}

TEST_F(Collected, FailedEntryHasTheDocumentedSpellingWhenAskedFor) {
    options.failed_entry = FailedEntry::StatusCode;
    const Answer answer = post(kBatch, batch_of({"{}"}));
    const json::value failed = object_of(answer).at("responses").as_array().at(0);
    EXPECT_EQ(failed.at("statusCode"), 400);
    EXPECT_EQ(failed.as_object().size(), 2U);
}

TEST_F(Collected, WholeBatchIsRefusedWhenItIsNone) {
    for (const std::string body : {"", "{", "[]", "{}", "7", R"({"messages":{}})", R"({"messages":[}]})",
                                   R"({"messages":[]}})", "\xff"}) {
        EXPECT_EQ(post(kBatch, body).status, 400) << body;
    }
    EXPECT_EQ(inlet->stats().messages, 0U);
    EXPECT_EQ(inlet->stats().requests, 9U);
}

TEST_F(Collected, SingleMessageMustBeAnObject) {
    EXPECT_EQ(post(kSingle, "").status, 400);
    EXPECT_EQ(post(kSingle, "[]").status, 400);
    EXPECT_EQ(post(kSingle, "{}{}").status, 400);
}

TEST_F(Collected, RawMessageIsAnyObject) {
    EXPECT_EQ(post(kSingle, R"({"name":"x"})", "x-adobe-flow-id: f1\r\n").status, 200);
    EXPECT_EQ(post("/collection/abc?x-adobe-flow-id=f1", R"({"name":"x"})").status, 200);
    EXPECT_EQ(post(kSingle, R"({"name":"x"})").status, 400);
    const Answer batch = post(kBatch, R"({"messages":[{"a":1},[],{"b":2}]})", "x-adobe-flow-id: f1\r\n");
    const json::array responses = object_of(batch).at("responses").as_array();
    ASSERT_EQ(responses.size(), 3U);
    EXPECT_EQ(responses[1].at("status"), 400);
    EXPECT_THAT(connect()->get("/inlet/entities").body,
                HasSubstr(R"([{"name":"x"},{"name":"x"},{"a":1},{"b":2}])"));
}

TEST_F(Collected, OtherInletIdIsNotFound) {
    options.inlet_id = "abc";
    EXPECT_EQ(post(kSingle, message_with_id("a")).status, 200);
    EXPECT_EQ(post("/collection/abd", message_with_id("a")).status, 404);
    EXPECT_EQ(post("/collection/batch/abd", batch_of({})).status, 404);
}

TEST_F(Collected, OtherPathIsNotFound) {
    EXPECT_EQ(post("/", "{}").status, 404);
    EXPECT_EQ(post("/collection/", "{}").status, 404);
    EXPECT_EQ(post("/inlet/other", "{}").status, 404);
}

TEST_F(Collected, OtherMethodIsNotAllowed) {
    start();
    const Answer answer = connect()->get(kBatch);
    EXPECT_EQ(answer.status, 405);
    EXPECT_THAT(answer.head, HasSubstr("Allow: POST\r\n"));
    EXPECT_EQ(post("/inlet/stats", "{}").status, 405);
    EXPECT_EQ(post("/inlet/fault", "{}").status, 405);
}

TEST_F(Collected, ContentTypeMustBeJson) {
    start();
    const std::string body = message_with_id("a");
    const auto status = [&](const char* headers) {
        return connect()->send("POST", kSingle, body, headers).status;
    };
    EXPECT_EQ(status(""), 415);
    EXPECT_EQ(status("Content-Type: text/plain\r\n"), 415);
    EXPECT_EQ(status("Content-Type: application/x-jackson-smile\r\n"), 415);
    EXPECT_EQ(status("Content-Type: Application/JSON ; charset=utf-8\r\n"), 200);
}

TEST_F(Collected, CompressedBodyIsNotUnderstood) {
    EXPECT_EQ(post(kSingle, message_with_id("a"), "Content-Encoding: gzip\r\n").status, 415);
    EXPECT_EQ(post(kSingle, message_with_id("a"), "Content-Encoding: identity\r\n").status, 200);
}

TEST_F(Collected, SynchronousValidationIsNotAvailable) {
    EXPECT_EQ(post("/collection/abc?syncValidation=true", message_with_id("a")).status, 501);
    EXPECT_EQ(post("/collection/abc?synchronousValidation=true", message_with_id("a")).status, 501);
    EXPECT_EQ(post("/collection/abc?syncValidation=false", message_with_id("a")).status, 200);
}

TEST_F(Collected, BodyAboveTheLimitIsTooLarge) {
    options.max_request = 1000;
    start();
    const auto client = connect();
    const std::string fits = message_with_id(std::string(1000 - message_with_id("").size(), 'x'));
    ASSERT_EQ(fits.size(), 1000U);
    EXPECT_EQ(client->post(kSingle, fits).status, 200);
    EXPECT_EQ(client->post(kSingle, fits + " ").status, 413);
    EXPECT_EQ(client->post(kSingle, std::string(15'000, ' ')).status, 413);
    EXPECT_EQ(client->post(kSingle, fits).status, 200) << "the connection goes on";
    EXPECT_EQ(inlet->stats().connections, 1U);
}

TEST_F(Collected, BodyFarAboveTheLimitEndsTheConnection) {
    options.max_request = 1000;
    start();
    const auto client = connect();
    const Answer answer = client->post(kSingle, std::string(100'000, ' '));
    EXPECT_EQ(answer.status, 413);
    EXPECT_THAT(answer.head, HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(client->closes());
}

}  // namespace
}  // namespace aep::inlet
