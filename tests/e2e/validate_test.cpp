#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/agent_process.hpp"
#include "harness/temp_dir.hpp"

/// `validate`, `schema infer`, `schema diff`: commands that look at records and send nothing.
namespace aep::e2e {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kSchema =
    R"({"type":"object","properties":{"_id":{"type":"string"},"n":{"type":"integer"}},"required":["_id"]})";

class Validate : public testing::Test {
  protected:
    [[nodiscard]] Outcome run(std::vector<std::string> arguments) const {
        return run_command(arguments, dir_.path());
    }
    /// Validates these bytes as a file.
    [[nodiscard]] Outcome validate(const std::string& schema, const std::string& records,
                                   std::vector<std::string> more = {}) const {
        std::vector<std::string> arguments{"validate", "--schema", dir_.write("schema.json", schema),
                                           dir_.write("records.ndjson", records)};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }
    static std::vector<std::string> lines(const std::string& text) {
        std::vector<std::string> found;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            found.push_back(text.substr(at, end - at));
            at = end == std::string::npos ? text.size() : end + 1;
        }
        return found;
    }

    TempDir dir_;
};

TEST_F(Validate, WritesAVerdictForEachRecord) {
    const Outcome outcome =
        validate(kSchema, "{\"_id\":\"a\",\"n\":1}\r\n\n{\"_id\":5}\n{\"n\":1.5,\"x\":2}");
    EXPECT_EQ(outcome.exit_code, 1);
    const auto verdicts = lines(outcome.out);
    ASSERT_EQ(verdicts.size(), 3U) << outcome.out;
    EXPECT_EQ(verdicts[0], R"({"line":1,"valid":true,"errors":[]})");
    EXPECT_THAT(
        verdicts[1],
        StartsWith(R"({"line":3,"valid":false,"errors":[{"keyword":"type","pointer":"/_id","message":")"));
    EXPECT_THAT(
        verdicts[2],
        StartsWith(R"({"line":4,"valid":false,"errors":[{"keyword":"additionalProperties","pointer":"")"));
    EXPECT_EQ(outcome.err,
              "aep-agent validate: 3 records, 1 valid, 2 invalid (additionalProperties 1, type 1)\n");
}

TEST_F(Validate, EveryLineIsAnsweredWhateverItIs) {
    const std::string deep = std::string(2000, '[') + std::string(2000, ']');
    const std::string odd =
        "5\n\"text\"\nnull\n[1,2]\n1e999\n123456789012345678901234567890\n{\"a\":tru}\nno json\n" + deep +
        "\n\xff\xfe\n{\"a\":1}{\"b\":2}\n{\"a\":123456789012345678901234567890 x}\n{\"a\":\"" +
        std::string(3U << 20U, 'x') + "\"}";
    const Outcome outcome = validate("true", odd);
    EXPECT_EQ(outcome.exit_code, 1);
    const auto verdicts = lines(outcome.out);
    ASSERT_EQ(verdicts.size(), 13U);
    for (const std::size_t valid : {0, 1, 2, 3, 4, 5, 12}) {
        EXPECT_THAT(verdicts[valid], HasSubstr("\"valid\":true,\"errors\":[]")) << valid;
    }
    for (const std::size_t broken : {6, 7, 9, 10, 11}) {
        EXPECT_THAT(verdicts[broken],
                    HasSubstr(R"("valid":false,"errors":[{"keyword":"json","pointer":"","message":")"))
            << broken;
    }
    EXPECT_THAT(verdicts[6], HasSubstr("at byte"));
    EXPECT_THAT(verdicts[8], HasSubstr(R"([{"keyword":"depth")"));
    EXPECT_THAT(verdicts[12], StartsWith("{\"line\":13,"));
}

TEST_F(Validate, TakesBooleanSchemasReferencesAndSeveralFiles) {
    EXPECT_EQ(validate("false", "{}\n").exit_code, 1);
    EXPECT_EQ(
        validate(R"({"$ref":"#/definitions/a","definitions":{"a":{"type":"string"}}})", "\"x\"\n").exit_code,
        0);
    const std::string address =
        dir_.write("address.json", R"({"$id":"https://x.example/address","type":"string"})");
    const std::string schema = R"({"properties":{"a":{"$ref":"https://x.example/address"}}})";
    EXPECT_EQ(validate(schema, "{\"a\":\"x\"}\n", {"--schema", address}).exit_code, 0);
    EXPECT_EQ(validate(schema, "{\"a\":1}\n", {"--schema", address}).exit_code, 1);
}

TEST_F(Validate, ComparesNumbersOfAnySizeExactly) {
    const Outcome outcome = validate(R"({"maximum":123456789012345678901234567890})",
                                     "123456789012345678901234567890\n123456789012345678901234567891\n");
    EXPECT_THAT(lines(outcome.out), testing::ElementsAre(HasSubstr("true"), HasSubstr("\"maximum\"")));
}

TEST_F(Validate, UnknownKeysAndRulesAreAsked) {
    EXPECT_EQ(validate(kSchema, "{\"_id\":\"a\",\"x\":1}\n").exit_code, 1);
    EXPECT_EQ(validate(kSchema, "{\"_id\":\"a\",\"x\":1}\n", {"--unknown-keys", "allow"}).exit_code, 0);
    EXPECT_EQ(validate("true", "{\"_id\":\"a\"}\n").exit_code, 0);
    const Outcome event = validate("true", "{\"_id\":\"a\"}\n", {"--class", "experience_event"});
    EXPECT_THAT(
        event.out,
        HasSubstr(R"([{"keyword":"required","pointer":"","message":"the required field \"timestamp\")"));
    EXPECT_EQ(validate("true", "{\"a\":{}}\n", {"--class", "profile", "--identity", "/a/b"}).exit_code, 1);
    EXPECT_EQ(
        validate("true", "{\"a\":{\"b\":\"c\"}}\n", {"--class", "profile", "--identity", "/a/b"}).exit_code,
        0);
    EXPECT_EQ(validate("true", "{}\n", {"--class", "profile"}).exit_code, 1) << "no primary in identityMap";
}

TEST_F(Validate, AnIdentityThatTheSchemaDoesNotHaveIsAWrongCommandLine) {
    const std::string schema = R"({"properties":{"person":{"properties":{"email":{"type":"string"}}}}})";
    const std::string record = "{\"person\":{\"email\":\"a@b.example\"}}\n";
    const Outcome misspelt = validate(schema, record, {"--identity", "/person/emial"});
    EXPECT_EQ(misspelt.exit_code, 2);
    EXPECT_EQ(misspelt.out, "");
    EXPECT_THAT(misspelt.err, HasSubstr("--identity: '/person/emial' is no field of "));
    EXPECT_THAT(misspelt.err, HasSubstr("did you mean '/person/email'?"));
    EXPECT_EQ(validate(schema, record, {"--identity", "/person/email"}).exit_code, 0);
    EXPECT_EQ(validate(schema, record, {"--identity", "/person/emial", "--unknown-keys", "allow"}).exit_code,
              1)
        << "a record could have it, this one has not";
}

TEST_F(Validate, ADescriptorNamesTheIdentityOfAProfile) {
    const std::string schema = R"({"properties":{"mail":{"type":"string"}},"meta:descriptors":[
        {"@type":"xdm:descriptorIdentity","xdm:isPrimary":true,"xdm:sourceProperty":"/mail"}]})";
    EXPECT_EQ(validate(schema, "{\"mail\":\"a@b.example\"}\n", {"--class", "profile"}).exit_code, 0);
    EXPECT_THAT(validate(schema, "{\"mail\":\"null\"}\n", {"--class", "profile"}).out,
                HasSubstr("is a placeholder"));
}

TEST_F(Validate, ReadsStdinAndWritesEachVerdictAtOnce) {
    const std::string schema = dir_.write("schema.json", kSchema);
    Process process{{.command = {AEP_AGENT_BINARY, "validate", "--schema", schema},
                     .directory = dir_.path(),
                     .name = "validate",
                     .input = Process::Input::Pipe}};
    ASSERT_TRUE(process.write("{\"_id\":\"a\"}\n"));
    EXPECT_TRUE(eventually([&] { return process.out() == "{\"line\":1,\"valid\":true,\"errors\":[]}\n"; }));
    ASSERT_TRUE(process.write("7"));
    process.close_input();
    EXPECT_EQ(process.wait(), 1);
    EXPECT_THAT(process.out(), HasSubstr("{\"line\":2,\"valid\":false"));
}

TEST_F(Validate, WrongSchemasAndCommandLinesAreToldApartFromInvalidRecords) {
    EXPECT_EQ(validate(R"({"type":"strng"})", "{}\n").exit_code, 2);
    EXPECT_THAT(validate(R"({"type":"strng"})", "{}\n").err, HasSubstr("schema.json: /type: "));
    EXPECT_EQ(run({"validate", "--schema", "none.json"}).exit_code, 2);
    EXPECT_EQ(run({"validate"}).exit_code, 2);
    EXPECT_THAT(validate("true", "", {"--identity", "a.b"}).err, HasSubstr("is no JSON pointer such as"));
    const Outcome missing = run({"validate", "--schema", dir_.write("s.json", "true"), "none.ndjson"});
    EXPECT_EQ(missing.exit_code, 2);
    EXPECT_THAT(missing.err, HasSubstr("cannot open none.ndjson"));
}

TEST_F(Validate, InferLearnsFromNumbersOfAnySize) {
    const std::string records =
        dir_.write("big.ndjson", "{\"n\":123456789012345678901234567890,\"only_here\":1e999}\n{\"n\":1}\n");
    const Outcome inferred = run({"schema", "infer", records});
    EXPECT_EQ(inferred.exit_code, 0) << inferred.err;
    const std::string schema = dir_.write("big.json", inferred.out);
    EXPECT_EQ(run({"validate", "--schema", schema, records}).exit_code, 0);
}

TEST_F(Validate, InferSaysHowToReadAnArray) {
    const Outcome outcome = run({"schema", "infer", dir_.write("array.json", "[{\"a\":1},\n{\"a\":2}]\n")});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("array.json begins with a JSON array, not one record a line; "
                                       "`jq -c '.[]'` makes lines of it"));
}

TEST_F(Validate, WhatInferProposesTheSamplesPass) {
    const std::string records =
        dir_.write("r.ndjson",
                   "{\"_id\":\"a\",\"at\":\"2026-01-31T12:00:00Z\",\"n\":[1,2.5]}\n"
                   "{\"_id\":\"b\",\"at\":\"2026-01-31T12:00:01Z\",\"o\":{\"x\":null}}\n");
    const Outcome inferred = run({"schema", "infer", records});
    EXPECT_EQ(inferred.exit_code, 0);
    EXPECT_THAT(inferred.err, HasSubstr("note: /o/x: null in 1 of 1"));
    EXPECT_EQ(run({"validate", "--schema", dir_.write("inferred.json", inferred.out), records}).exit_code, 0);

    const Outcome partly = run({"schema", "infer", dir_.write("mixed.ndjson", "{\"a\":1}\n[1]\nbroken\n")});
    EXPECT_EQ(partly.exit_code, 1);
    EXPECT_THAT(partly.err, HasSubstr("line 2: passed over: not an object"));
    EXPECT_EQ(run({"schema", "infer", dir_.write("empty.ndjson", "")}).exit_code, 2);
}

TEST_F(Validate, DiffTellsChangesAndVerdicts) {
    const std::string before = dir_.write("old.json", R"({"properties":{"a":{"maximum":5}}})");
    const std::string after = dir_.write("new.json", R"({"properties":{"a":{"maximum":4},"b":{}}})");
    const std::string records = dir_.write("r.ndjson", "{\"a\":5}\n{\"b\":1}\n{\"a\":1}\n");
    const Outcome changed = run({"schema", "diff", before, after, records});
    EXPECT_EQ(changed.exit_code, 1);
    const auto found = lines(changed.out);
    ASSERT_EQ(found.size(), 4U) << changed.out;
    EXPECT_EQ(found[0], R"({"path":"","keyword":"properties","key":"b","after":{},"effect":"looser"})");
    EXPECT_EQ(found[1], R"({"path":"/a","keyword":"maximum","before":5,"after":4,"effect":"stricter"})");
    EXPECT_THAT(found[2],
                StartsWith(R"({"line":1,"before":true,"after":false,"errors":[{"keyword":"maximum")"));
    EXPECT_THAT(
        found[3],
        StartsWith(R"({"line":2,"before":false,"after":true,"errors":[{"keyword":"additionalProperties")"));
    EXPECT_EQ(run({"schema", "diff", before, before, records}).exit_code, 0);
    EXPECT_EQ(run({"schema", "diff", before, "none.json"}).exit_code, 2);
}

}  // namespace
}  // namespace aep::e2e
