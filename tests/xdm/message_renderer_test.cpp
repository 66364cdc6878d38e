#include "xdm/message_renderer.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>
#include <string>

#include "xdm/envelope.hpp"
#include "xdm/timestamp.hpp"

namespace aep::xdm {
namespace {

constexpr const char* kNow = "2026-01-31T12:00:00Z";

EnvelopeOptions event_options() {
    EnvelopeOptions options;
    options.kind = StreamKind::ExperienceEvent;
    options.schema_id = "https://ns.adobe.com/acme/schemas/abc";
    options.org_id = "ORG@AdobeOrg";
    options.dataset_id = "5e30d7986c0cc218a85cee65";
    options.id.from = IdOptions::From::ContentHash;
    options.timestamp.from = TimestampOptions::From::Field;
    return options;
}

EnvelopeOptions profile_options() {
    EnvelopeOptions options = event_options();
    options.kind = StreamKind::Profile;
    options.id.from = IdOptions::From::Keep;
    options.timestamp.from = TimestampOptions::From::None;
    return options;
}

/// Renders one record; holds what came of it.
struct Rendered {
    explicit Rendered(const EnvelopeOptions& options, std::string_view record, std::uint64_t position = 0) {
        std::string padded{record};
        padded.append(simdjson::SIMDJSON_PADDING, ' ');
        simdjson::dom::parser parser;
        const simdjson::dom::element value = parser.parse(padded.data(), record.size(), false);
        MessageRenderer renderer{options};
        const RecordPlace place{.seed = make_id_seed("agent", "web", "generation"),
                                .meta = {.source = "web",
                                         .host = "box",
                                         .file = "/var/log/shop.json",
                                         .offset = position,
                                         .received_at = parse_date_time(kNow).value()},
                                .now = parse_date_time(kNow).value()};
        ok = renderer.prepare(value, {padded.data(), record.size()}, place);
        if (!ok) {
            code = renderer.rejection().code;
            pointer = renderer.rejection().violations.front().pointer;
            return;
        }
        message.resize(renderer.size());
        renderer.write(message.data());
        entity = message.substr(renderer.prefix_size(),
                                message.size() - renderer.prefix_size() - renderer.suffix_size());
        EXPECT_EQ(entity.size(), renderer.entity_size());
    }

    [[nodiscard]] std::string string_at(const std::string& json_pointer) const {
        simdjson::dom::parser parser;
        simdjson::dom::element root;
        std::string_view found;
        if (parser.parse(message).get(root) != simdjson::SUCCESS) return "(message is not JSON)";
        if (root.at_pointer(json_pointer).get(found) != simdjson::SUCCESS) return "(no string)";
        return std::string{found};
    }
    [[nodiscard]] std::string id() const { return string_at("/body/xdmEntity/_id"); }
    [[nodiscard]] std::string timestamp() const { return string_at("/body/xdmEntity/timestamp"); }

    bool ok = false;
    std::string code;
    std::string pointer;
    std::string message;
    std::string entity;
};

TEST(Envelope, IsWhatTheInletExpects) {
    EnvelopeOptions options = profile_options();
    options.flow_id = "69f188b6-af07-4587-8061-e94d34637b41";
    options.source_name = "shop \"web\"";
    EXPECT_EQ(Rendered(options, R"({"a":1})").message,
              R"({"header":{"schemaRef":{"id":"https://ns.adobe.com/acme/schemas/abc",)"
              R"("contentType":"application/vnd.adobe.xed-full+json;version=1"},"imsOrgId":"ORG@AdobeOrg",)"
              R"("datasetId":"5e30d7986c0cc218a85cee65","flowId":"69f188b6-af07-4587-8061-e94d34637b41",)"
              R"("source":{"name":"shop \"web\""}},"body":{"xdmMeta":{"schemaRef":)"
              R"({"id":"https://ns.adobe.com/acme/schemas/abc",)"
              R"("contentType":"application/vnd.adobe.xed-full+json;version=1"}},"xdmEntity":{"a":1}}})");
}

TEST(Envelope, IsAbsentForRaw) {
    EnvelopeOptions options = profile_options();
    options.format = StreamFormat::Raw;
    EXPECT_EQ(Rendered(options, R"( {"a":1} )").message, R"({"a":1})");
}

TEST(Renderer, KeepsTheRecordsTextToTheByte) {
    const std::string record = R"({ "n" : 12345678901234567.250 , "s":"\u00e9\/", "_id":"x" })";
    EXPECT_EQ(Rendered(profile_options(), record).entity, record);
}

TEST(Renderer, RefusesWhatIsNoObject) {
    for (const char* record : {"[1]", "17", "\"text\"", "null", "true"}) {
        EXPECT_EQ(Rendered(event_options(), record).code, "not_an_object") << record;
    }
}

TEST(Id, IsGeneratedOnlyWhereTheRecordHasNone) {
    const std::string without = R"({"timestamp":"2026-01-31T11:00:00Z"})";
    const Rendered made{event_options(), without, 10};
    EXPECT_EQ(made.id().size(), 32U);
    EXPECT_EQ(made.timestamp(), "2026-01-31T11:00:00Z");
    EXPECT_EQ(Rendered(event_options(), without, 10).id(), made.id()) << "the same record again";
    EXPECT_NE(Rendered(event_options(), without, 11).id(), made.id()) << "an equal record elsewhere";
    EXPECT_EQ(Rendered(event_options(), R"({"_id":"own","timestamp":"2026-01-31T11:00:00Z"})").id(), "own");
}

TEST(Id, OfANumberBecomesAString) {
    for (const char* record : {R"({"_id":15367038,"timestamp":"2026-01-31T11:00:00Z"})",
                               R"({"timestamp":"2026-01-31T11:00:00Z","a":{"_id":1},"_id" : 15367038 })",
                               R"({"timestamp":"2026-01-31T11:00:00Z","\u005fid":15367038})"}) {
        EXPECT_EQ(Rendered(event_options(), record).id(), "15367038") << record;
    }
}

TEST(Id, MustBeAStringThatIsNotEmpty) {
    for (const char* id : {"\"\"", "null", "true", "{}", "[1]"}) {
        const std::string record = std::string{R"({"_id":)"} + id + R"(,"timestamp":"2026-01-31T11:00:00Z"})";
        EXPECT_EQ(Rendered(event_options(), record).code, "id_invalid") << record;
        EXPECT_EQ(Rendered(event_options(), record).pointer, "/_id");
    }
}

TEST(Id, ComesFromAField) {
    EnvelopeOptions options = profile_options();
    options.id = {.from = IdOptions::From::Field, .field = "order.id", .fields = {}};
    EXPECT_EQ(Rendered(options, R"({"order":{"id":"A\"1"}})").id(), "A\"1");
    EXPECT_EQ(Rendered(options, R"({"_id":"old","order":{"id":77}})").id(), "77");
    EXPECT_EQ(Rendered(options, R"({"order":{}})").code, "id_missing");
    EXPECT_EQ(Rendered(options, R"({"order":7})").code, "id_missing");
    EXPECT_EQ(Rendered(options, R"({"order":{"id":""}})").code, "id_invalid");
    EXPECT_EQ(Rendered(options, R"({"order":{"id":[1]}})").pointer, "/order/id");
}

TEST(Id, OfSeveralFieldsTellsTheirBordersApart) {
    EnvelopeOptions options = profile_options();
    options.id = {.from = IdOptions::From::Hash, .field = "", .fields = {"a", "b"}};
    std::set<std::string> ids;
    for (const char* record :
         {R"({"a":"ab","b":"c"})", R"({"a":"a","b":"bc"})", R"({"a":1,"b":"1"})", R"({"a":"1","b":1})"}) {
        ids.insert(Rendered(options, record).id());
    }
    EXPECT_EQ(ids.size(), 4U);
    EXPECT_EQ(Rendered(options, R"({"b":"c","x":1,"a":"ab"})").id(),
              Rendered(options, R"({"a":"ab","b":"c"})").id());
    EXPECT_EQ(Rendered(options, R"({"a":1})").code, "id_missing");
}

TEST(Id, ComesFromWhatIsKnownBesidesTheContents) {
    EnvelopeOptions options = profile_options();
    options.id = {.from = IdOptions::From::Field, .field = "_meta.offset", .fields = {}};
    EXPECT_EQ(Rendered(options, "{}", 42).id(), "42");
    options.id = {
        .from = IdOptions::From::Hash, .field = "", .fields = {"_meta.host", "_meta.file", "_meta.offset"}};
    EXPECT_EQ(Rendered(options, R"({"a":1})", 42).id(), Rendered(options, R"({"a":2})", 42).id());
    EXPECT_NE(Rendered(options, R"({"a":1})", 42).id(), Rendered(options, R"({"a":1})", 43).id());
}

TEST(Id, IsNotReadFromAMemberOfTheRecordThatIsCalledMeta) {
    EnvelopeOptions options = profile_options();
    options.id = {.from = IdOptions::From::Field, .field = "_meta.source", .fields = {}};
    const Rendered rendered{options, R"({"_meta":{"source":"forged"}})"};
    EXPECT_EQ(rendered.id(), "web");
    EXPECT_EQ(rendered.string_at("/body/xdmEntity/_meta/source"), "forged");
}

TEST(Id, CannotComeFromWhatIsNotKnown) {
    EnvelopeOptions options = profile_options();
    options.id = {.from = IdOptions::From::Field, .field = "_meta.peer", .fields = {}};
    EXPECT_EQ(Rendered(options, "{}").code, "id_missing");
    EXPECT_EQ(Rendered(options, "{}").pointer, "/_meta/peer");
    options.id = {.from = IdOptions::From::Hash, .field = "", .fields = {"_meta.peer", "_meta.offset"}};
    EXPECT_EQ(Rendered(options, "{}").code, "id_missing");
}

TEST(Id, OfAnEmptyObjectLeavesValidJson) {
    EnvelopeOptions options = profile_options();
    options.id.from = IdOptions::From::Uuid;
    options.timestamp.from = TimestampOptions::From::IngestTime;
    const Rendered rendered{options, "{ }"};
    EXPECT_EQ(rendered.id().size(), 36U);
    EXPECT_EQ(rendered.timestamp(), "2026-01-31T12:00:00.000Z");
}

TEST(Timestamp, MustBeThereAndValidAndPast) {
    const auto code = [](const std::string& timestamp) {
        return Rendered(event_options(), "{\"_id\":\"1\"" + timestamp + "}").code;
    };
    EXPECT_EQ(code(R"(,"timestamp":"2026-01-31T12:00:00Z")"), "");
    EXPECT_EQ(code(R"(,"timestamp":"2026-01-31T12:05:00Z")"), "") << "max_future allows five minutes";
    EXPECT_EQ(code(R"(,"timestamp":"2026-01-31T12:05:01Z")"), "timestamp_in_future");
    EXPECT_EQ(code(""), "timestamp_missing");
    EXPECT_EQ(code(R"(,"timestamp":1556668800000)"), "timestamp_invalid");
    EXPECT_EQ(code(R"(,"timestamp":"2026-01-31 11:00:00")"), "timestamp_invalid");
    EXPECT_EQ(code(R"(,"timestamp":null)"), "timestamp_invalid");
}

TEST(Timestamp, ComesFromAnotherFieldInAnotherFormat) {
    EnvelopeOptions options = event_options();
    options.timestamp.field = "order.at";
    options.timestamp.format = "unix_ms";
    const Rendered added{options, R"({"_id":"1","order":{"at":1556668800123}})"};
    EXPECT_EQ(added.timestamp(), "2019-05-01T00:00:00.123Z");
    const Rendered replaced{options, R"({"_id":1,"timestamp":{"bad":[1]},"order":{"at":"1556668800123"}})"};
    EXPECT_EQ(replaced.timestamp(), "2019-05-01T00:00:00.123Z");
    EXPECT_EQ(replaced.id(), "1");
    EXPECT_EQ(Rendered(options, R"({"_id":"1"})").pointer, "/order/at");
}

TEST(Timestamp, ReplacesAndInsertsInOneRecord) {
    EnvelopeOptions options = event_options();
    options.timestamp.from = TimestampOptions::From::IngestTime;
    const Rendered rendered{options, R"({"timestamp": "whatever" , "a":1})"};
    EXPECT_EQ(rendered.timestamp(), "2026-01-31T12:00:00.000Z");
    EXPECT_EQ(rendered.id().size(), 32U);
    EXPECT_NE(rendered.entity.find("\"a\":1"), std::string::npos);
}

TEST(Record, WithAKeyTwiceIsRefused) {
    for (const char* key : {"_id", "timestamp", "identityMap"}) {
        const std::string record = std::string{"{\""} + key + "\":\"1\",\"" + key + "\":\"2\"}";
        EXPECT_EQ(Rendered(event_options(), record).code, "duplicate_key") << record;
    }
}

}  // namespace
}  // namespace aep::xdm
