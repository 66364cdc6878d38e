#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "xdm/message_renderer.hpp"
#include "xdm/timestamp.hpp"

/// MessageRenderer with a Proof: what is refused, tolerated, repaired.
namespace aep::xdm {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kSchema = R"({
  "$id": "https://ns.adobe.com/acme/schemas/abc", "type": "object",
  "properties": {
    "_id": {"type": "string", "format": "uri-reference"},
    "timestamp": {"type": "string", "format": "date-time"},
    "order": {"type": "object", "required": ["total"], "properties": {
      "total": {"type": "number"}, "count": {"type": "integer", "meta:xdmType": "int"},
      "code": {"type": "string", "enum": ["A", "B"]}, "at": {"type": "string", "format": "date-time"},
      "note": {"type": "string"}}},
    "list": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "number"}}}},
    "map": {"type": "object", "additionalProperties": {"type": "string"}}
  },
  "required": ["_id", "timestamp"]})";

/// An event stream whose schema is kSchema.
class Proving : public testing::Test {
  protected:
    Proving() {
        envelope_.schema_id = "https://ns.adobe.com/acme/schemas/abc";
        envelope_.id.from = IdOptions::From::ContentHash;
        envelope_.timestamp.from = TimestampOptions::From::Field;
        std::filesystem::create_directories(directory_);
        options_.schema_files = {write("schema.json", kSchema)};
    }
    ~Proving() override { std::filesystem::remove_all(directory_); }

    [[nodiscard]] std::filesystem::path write(const std::string& name, const std::string& text) const {
        std::ofstream{directory_ / name} << text;
        return directory_ / name;
    }

    /// The entity that comes of the record; "" where it is refused, and errors_ tell why.
    std::string render(const std::string& record) {
        if (!renderer_) {
            const LoadedProof loaded = load_proof(options_, envelope_);
            EXPECT_TRUE(loaded.proof) << (loaded.errors.empty() ? "" : loaded.errors.front().line());
            renderer_ = std::make_unique<MessageRenderer>(envelope_, loaded.proof);
        }
        std::string padded = record;
        padded.append(simdjson::SIMDJSON_PADDING, ' ');
        const simdjson::dom::element value = parser_.parse(padded.data(), record.size(), false);
        RecordPlace place;
        place.seed = make_id_seed("agent", "web", "generation");
        place.meta.received_at = parse_date_time("2026-01-31T12:00:00Z").value();
        place.now = place.meta.received_at;
        errors_.clear();
        code_.clear();
        if (!renderer_->prepare(value, {padded.data(), record.size()}, place)) {
            code_ = renderer_->rejection().code;
            tell(renderer_->rejection().violations);
            return "";
        }
        tell(renderer_->tolerated());
        std::string message(renderer_->size(), '\0');
        renderer_->write(message.data());
        return message.substr(renderer_->prefix_size(),
                              message.size() - renderer_->prefix_size() - renderer_->suffix_size());
    }

    [[nodiscard]] std::uint32_t coerced(Coercion coercion) const {
        return renderer_->repairs().coerced.at(static_cast<std::size_t>(coercion));
    }

    static std::string event(const std::string& more) {
        return R"({"_id":"e-1","timestamp":"2026-01-31T11:00:00Z")" + (more.empty() ? "" : "," + more) + "}";
    }

    EnvelopeOptions envelope_;
    ProofOptions options_;
    std::unique_ptr<MessageRenderer> renderer_;
    std::vector<std::string> errors_;  ///< "keyword pointer"
    std::string code_;

  private:
    void tell(std::span<const Violation> violations) {
        for (const Violation& violation : violations) {
            errors_.push_back(std::string{violation.keyword} + " " + violation.pointer);
        }
    }

    const std::filesystem::path directory_ =
        std::filesystem::temp_directory_path() / ("aep-proof-" + base::random_hex128());
    simdjson::dom::parser parser_;
};

TEST_F(Proving, LetsValidEventsPassAsTheyAre) {
    const std::string record = event(R"( "order" : {"total":12.50,"count":7} )");
    EXPECT_EQ(render(record), record);
    EXPECT_FALSE(renderer_->repairs().any());
}

TEST_F(Proving, ChecksTheEntityThatIsSentNotTheRecord) {
    EXPECT_THAT(render(R"({"timestamp":"2026-01-31T11:00:00Z"})"), HasSubstr("\"_id\":\""))
        << "made, not missing";
    EXPECT_THAT(render(R"({"_id":77,"timestamp":"2026-01-31T11:00:00Z"})"), HasSubstr("\"_id\":\"77\""))
        << "the digits become a string";
}

TEST_F(Proving, ChecksTheTimestampThatIsMade) {
    envelope_.timestamp.field = "order.at";
    envelope_.timestamp.format = "unix_ms";
    render(R"({"timestamp":{"own":1},"order":{"total":1,"at":1556668800123}})");
    EXPECT_THAT(errors_, ElementsAre("type /order/at")) << "the record's own timestamp is replaced";
}

TEST_F(Proving, RefusesWithAllViolations) {
    EXPECT_EQ(render(event(R"("order":{"total":"12,50","code":"C"},"extra":1)")), "");
    EXPECT_EQ(code_, "schema_invalid");
    EXPECT_THAT(errors_, ElementsAre("additionalProperties ", "enum /order/code", "type /order/total"));
    EXPECT_THAT(renderer_->rejection().reason(), HasSubstr("(and 2 more)"));
}

TEST_F(Proving, NamesRulesOfIdentityByTheirOwnCodes) {
    options_.schema_files.clear();
    EXPECT_EQ(render(event(R"("identityMap":{"Email":[{"id":""}]})")), "");
    EXPECT_EQ(code_, "identity_map_invalid");
    EXPECT_EQ(render(R"({"_id":"a b","timestamp":"2026-01-31T11:00:00Z"})"), "");
    EXPECT_EQ(code_, "id_invalid");
    EXPECT_NE(render(event(R"("anything":[null])")), "");
}

TEST_F(Proving, WarnSendsTheRecordAsItIs) {
    options_.validate = Validate::Warn;
    const std::string record = event(R"("order":{"total":"x"})");
    EXPECT_EQ(render(record), record);
    EXPECT_THAT(errors_, ElementsAre("type /order/total"));
    EXPECT_EQ(render(event("")), event(""));
    EXPECT_THAT(errors_, IsEmpty());
    EXPECT_EQ(render(R"({"_id":"1"})"), "") << "what cannot be a message cannot be sent";
    EXPECT_EQ(code_, "timestamp_missing");
}

TEST_F(Proving, StripsUnknownKeysWhereverTheyAre) {
    options_.unknown_keys = UnknownKeys::Strip;
    EXPECT_EQ(
        render(event(R"("x":1,"order":{"total":1.10,"y":{"z":1}},"list":[{"n":1},{"m":2}],"map":{"k":"v"})")),
        event(R"("order":{"total":1.10},"list":[{"n":1},{}],"map":{"k":"v"})"));
    EXPECT_EQ(renderer_->repairs().stripped, 3U);
    EXPECT_EQ(render(R"({"x":1,"timestamp":"2026-01-31T11:00:00Z"})").find("\"x\""), std::string::npos);
    EXPECT_EQ(render(event(R"("x":1,"order":{})")), "") << "still invalid";
}

TEST_F(Proving, AnIdOfItsContentsIsThatOfTheRecordAsItWasRead) {
    const std::string record = R"({"x":1,"timestamp":"2026-01-31T11:00:00Z"})";
    options_.unknown_keys = UnknownKeys::Allow;
    const auto id_of = [](const std::string& entity) {
        const std::size_t at = entity.find("\"_id\":\"");
        return entity.substr(at, 40);
    };
    const std::string before = id_of(render(record));
    options_.unknown_keys = UnknownKeys::Strip;
    renderer_.reset();
    EXPECT_EQ(id_of(render(record)), before);
}

TEST_F(Proving, CoercesNothingUnlessTold) {
    EXPECT_EQ(render(event(R"("order":{"total":"1"})")), "");
}

TEST_F(Proving, CoercesNumbersAndStringsKeepingTheirDigits) {
    options_.coerce.number_from_string = true;
    options_.coerce.string_from_number = true;
    EXPECT_EQ(render(event(R"("order":{"total":"12.50","note":1.10},"map":{"a":7})")),
              event(R"("order":{"total":12.50,"note":"1.10"},"map":{"a":"7"})"));
    EXPECT_EQ(coerced(Coercion::NumberFromString), 1U);
    EXPECT_EQ(coerced(Coercion::StringFromNumber), 2U);
    EXPECT_EQ(render(event(R"("order":{"total":1,"count":"1.5"})")), "") << "no integer";
    EXPECT_THAT(errors_, ElementsAre("type /order/count")) << "what is wrong with the record as it came";
    EXPECT_EQ(render(event(R"("order":{"total":"12,50"})")), "");
}

TEST_F(Proving, CoercesTimestampsOnlyWhereTheSchemaHasOnes) {
    options_.coerce.timestamp = true;
    EXPECT_EQ(
        render(R"({"_id":"e-1","timestamp":"2026-01-31 11:00:00+0100","order":{"total":1,"at":1556668800}})"),
        R"({"_id":"e-1","timestamp":"2026-01-31T11:00:00+01:00","order":{"total":1,"at":"2019-05-01T00:00:00.000Z"}})");
    EXPECT_EQ(coerced(Coercion::Timestamp), 2U);
    EXPECT_EQ(render(event(R"("order":{"total":1,"note":1556668800})")), "") << "a note is no time";
}

TEST_F(Proving, TrimsOnlyWhatIsInvalidAsItStands) {
    options_.coerce.trim = true;
    EXPECT_EQ(render(event(R"("order":{"total":1,"code":" A ","note":" x "})")),
              event(R"("order":{"total":1,"code":"A","note":" x "})"));
    EXPECT_EQ(coerced(Coercion::Trim), 1U);
}

TEST_F(Proving, OneConversionMakesWayForAnother) {
    options_.coerce.trim = true;
    options_.coerce.number_from_string = true;
    EXPECT_EQ(render(event(R"("order":{"total":" 5 "})")), event(R"("order":{"total":5})"));
}

TEST_F(Proving, DropsNullMembersButNotItems) {
    options_.coerce.drop_nulls = true;
    EXPECT_EQ(render(event(R"("order":{"total":1,"code":null},"map":{"k":null})")),
              event(R"("order":{"total":1},"map":{})"));
    EXPECT_EQ(coerced(Coercion::DropNulls), 2U);
    EXPECT_EQ(render(event(R"("list":[null])")), "") << "the others would move";
    EXPECT_EQ(render(event(R"("order":{"total":null})")), "") << "it is required";
    EXPECT_THAT(errors_, ElementsAre("type /order/total"));
}

TEST_F(Proving, RepairsManyValuesOfOneRecord) {
    options_.coerce.string_from_number = true;
    std::string numbers;
    std::string strings;
    for (int i = 0; i < 40; ++i) {
        const std::string key = (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":";
        numbers += key + std::to_string(i);
        strings += key + "\"" + std::to_string(i) + "\"";
    }
    EXPECT_EQ(render(event("\"map\":{" + numbers + "}")), event("\"map\":{" + strings + "}"));
}

TEST_F(Proving, LoadingTellsWhatIsWrongWithTheSchema) {
    options_.schema_files = {write("broken.json", R"({"properties":{"a":{"type":"strng"}}})")};
    const LoadedProof broken = load_proof(options_, envelope_);
    ASSERT_FALSE(broken.proof);
    EXPECT_THAT(broken.errors.front().line(), HasSubstr("broken.json: /properties/a/type"));

    options_.schema_files = {write("closed.json", R"({"properties":{"timestamp":{"type":"string"}}})")};
    const LoadedProof closed = load_proof(options_, envelope_);
    ASSERT_FALSE(closed.proof);
    EXPECT_THAT(closed.errors.front().line(),
                HasSubstr("does not take the _id that the stream's entity_id makes"));

    options_.schema_files = {write("schema.json", kSchema)};
    envelope_.schema_id = "https://ns.adobe.com/acme/schemas/other";
    const LoadedProof other = load_proof(options_, envelope_);
    EXPECT_TRUE(other.proof);
    ASSERT_EQ(other.warnings.size(), 1U);
    EXPECT_THAT(other.warnings.front().line(), HasSubstr("is it the right file?"));
}

TEST_F(Proving, LoadingTellsThatTheSchemaHasNoSuchIdentity) {
    options_.schema_files = {write("schema.json", R"({"properties": {"_id": {}, "timestamp": {},
        "person": {"type": "object", "properties": {"email": {"type": "string"}}}}})")};
    options_.identity.primary_place = "agent.yaml:19:25";
    options_.identity.primary = "/person/emial";
    const LoadedProof misspelt = load_proof(options_, envelope_);
    ASSERT_FALSE(misspelt.proof);
    EXPECT_THAT(misspelt.errors.front().line(),
                AllOf(StartsWith("agent.yaml:19:25: identity.primary: '/person/emial' is no field of "),
                      EndsWith("there is no 'emial' in '/person', did you mean '/person/email'?")));

    options_.identity.primary = kInIdentityMap;
    EXPECT_THAT(load_proof(options_, envelope_).errors.front().line(), HasSubstr("it has no identityMap"));

    options_.identity.primary = "/person/email";
    EXPECT_TRUE(load_proof(options_, envelope_).proof);
    options_.identity.primary = "/person/emial";
    options_.unknown_keys = UnknownKeys::Allow;
    EXPECT_TRUE(load_proof(options_, envelope_).proof) << "records may have it";
}

TEST_F(Proving, LoadingOnlyWarnsOfTheIdentityWhereNoRecordIsRefusedForWantOfIt) {
    options_.schema_files = {write("schema.json", R"({"properties": {"_id": {}, "timestamp": {}}})")};
    options_.identity.primary = "/email";
    options_.validate = Validate::Warn;
    const LoadedProof loaded = load_proof(options_, envelope_);
    EXPECT_TRUE(loaded.proof);
    EXPECT_THAT(loaded.errors, IsEmpty());
    ASSERT_FALSE(loaded.warnings.empty());
    EXPECT_THAT(loaded.warnings.back().line(), HasSubstr("there is no 'email' at the top level"));
}

TEST_F(Proving, ADirectoryStandsForItsFiles) {
    const std::filesystem::path part =
        write("address.json", R"({"$id":"https://x.example/address","type":"string"})");
    const std::filesystem::path main =
        write("a-main.json",
              R"({"properties":{"_id":{},"timestamp":{},"a":{"$ref":"https://x.example/address"}}})");
    std::filesystem::remove(part.parent_path() / "schema.json");
    options_.schema_files = {main.parent_path()};
    EXPECT_EQ(render(event(R"("a":1)")), "");
    EXPECT_THAT(errors_, ElementsAre("type /a"));
}

}  // namespace
}  // namespace aep::xdm
