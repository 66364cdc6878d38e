#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/fixture.hpp"

namespace aep::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kSchemaLine = "    schema: {id: 'https://ns.adobe.com/acme/schemas/abc'}\n";

/// kGood with a schema file, and `more` in its stream.
std::string with_schema(const std::string& more) {
    return with(kGood, kSchemaLine,
                "    schema: {id: 'https://ns.adobe.com/acme/schemas/abc', file: schema.json}\n" + more);
}

std::string without_schema(const std::string& more) {
    return with(kGood, kSchemaLine, kSchemaLine + more);
}

/// The only stream of a configuration that must be good.
pipeline::StreamOptions stream_of(const ConfigDirectory& directory, const std::string& text) {
    const LoadOutcome outcome = directory.load_text(text);
    EXPECT_THAT(directory.lines(outcome.problems), IsEmpty());
    return outcome.config ? outcome.config->streams.front() : pipeline::StreamOptions{};
}

TEST(ProofSection, WithoutASchemaOnlyRulesAreChecked) {
    const ConfigDirectory directory;
    const auto stream = stream_of(directory, kGood);
    EXPECT_EQ(stream.proof.validate, xdm::Validate::Strict);
    EXPECT_THAT(stream.proof.schema_files, IsEmpty());
    EXPECT_EQ(stream.proof.unknown_keys, xdm::UnknownKeys::Allow);
    EXPECT_FALSE(stream.invalid_limit);
}

TEST(ProofSection, ASchemaIsCheckedStrictlyUnlessToldOtherwise) {
    const ConfigDirectory directory;
    const auto strict = stream_of(directory, with_schema(""));
    EXPECT_EQ(strict.proof.validate, xdm::Validate::Strict);
    EXPECT_EQ(strict.proof.unknown_keys, xdm::UnknownKeys::Reject);
    EXPECT_THAT(strict.proof.schema_files, ElementsAre(directory.path() / "schema.json"))
        << "relative to the file that names it";
    EXPECT_FALSE(strict.proof.coerce.any());

    const auto warn = stream_of(directory, with_schema("    validate: warn\n    unknown_keys: strip\n"
                                                       "    coerce: [trim, drop_nulls]\n"));
    EXPECT_EQ(warn.proof.validate, xdm::Validate::Warn);
    EXPECT_EQ(warn.proof.unknown_keys, xdm::UnknownKeys::Strip);
    EXPECT_TRUE(warn.proof.coerce.trim && warn.proof.coerce.drop_nulls);
    EXPECT_FALSE(warn.proof.coerce.timestamp);
}

TEST(ProofSection, SeveralSchemaFilesAreAList) {
    const ConfigDirectory directory;
    const auto stream = stream_of(directory, with(kGood, kSchemaLine,
                                                  "    schema: {id: 'https://ns.adobe.com/acme/schemas/abc', "
                                                  "file: [a.json, parts]}\n"));
    EXPECT_THAT(stream.proof.schema_files,
                ElementsAre(directory.path() / "a.json", directory.path() / "parts"));
}

TEST(ProofSection, ThePrimaryIdentityHasThreeSpellings) {
    const ConfigDirectory directory;
    const auto primary = [&](const std::string& text) {
        return stream_of(directory, without_schema("    identity: {primary: " + text + "}\n"))
            .proof.identity.primary;
    };
    EXPECT_EQ(primary("personalEmail.address"), "/personalEmail/address");
    EXPECT_EQ(primary("/a.b/c"), "/a.b/c");
    EXPECT_EQ(primary("identity_map"), xdm::kInIdentityMap);
}

TEST(ProofSection, ThePlaceOfThePrimaryIdentityIsKeptForMessages) {
    const ConfigDirectory directory;
    const auto stream =
        stream_of(directory, without_schema("    identity:\n      placeholders: [x]\n      primary: mail\n"));
    const auto other = stream_of(directory, without_schema("    identity:\n      primary: mail\n"));
    EXPECT_THAT(stream.proof.identity.primary_place, testing::MatchesRegex(".*/agent.yaml:[0-9]+:16"));
    EXPECT_NE(stream.proof.identity.primary_place, other.proof.identity.primary_place);
}

TEST(ProofSection, ReadsIdentityAndInvalidLimit) {
    const ConfigDirectory directory;
    const auto stream = stream_of(
        directory, without_schema("    identity: {placeholders: [unknown], namespaces: [Email, ECID]}\n"
                                  "    invalid_limit: {share: 0.05, of: 500}\n"));
    EXPECT_THAT(stream.proof.identity.placeholders, ElementsAre("unknown"));
    EXPECT_THAT(stream.proof.identity.namespaces, ElementsAre("Email", "ECID"));
    ASSERT_TRUE(stream.invalid_limit);
    EXPECT_DOUBLE_EQ(stream.invalid_limit->share, 0.05);
    EXPECT_EQ(stream.invalid_limit->of, 500U);
    EXPECT_EQ(stream_of(directory, without_schema("    invalid_limit: {}\n")).invalid_limit->of, 1000U);
}

TEST(ProofSection, MistakesAreNamedWithACure) {
    const ConfigDirectory directory;
    EXPECT_THAT(
        directory.lines(
            directory
                .load_text(without_schema("    validate: strickt\n    unknown_keys: strip\n"
                                          "    coerce: [trimm]\n    invalid_limit: {share: 20%, of: 0}\n"
                                          "    identity: {primary: a..b}\n"))
                .problems),
        ElementsAre(
            "agent.yaml:15:15: streams[0].validate: 'strickt' is not known; did you mean 'strict'?",
            "agent.yaml:16:19: streams[0].unknown_keys: needs a schema to go by; add `schema: {file: FILE}`, "
            "or remove it",
            "agent.yaml:17:14: streams[0].coerce[0]: 'trimm' is not known; did you mean 'trim'?",
            "agent.yaml:18:28: streams[0].invalid_limit.share: '20%' is not a share; write a fraction from 0 "
            "to "
            "below 1, such as 0.2",
            "agent.yaml:18:37: streams[0].invalid_limit.of: '0' is too small; at least 1",
            "agent.yaml:19:25: streams[0].identity.primary: 'a..b' names no field; write "
            "personalEmail.address, "
            "/personalEmail/address, or identity_map"));
}

}  // namespace
}  // namespace aep::config
