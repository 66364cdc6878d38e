#include "xdm/identity_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "xdm/json.hpp"
#include "xdm/report.hpp"

namespace aep::xdm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kEcid = "83238819066235616291057085344313877718";

/// "keyword pointer" of each broken rule.
std::vector<std::string> broken(const IdentityOptions& options, std::optional<StreamKind> of_class,
                                const std::string& entity) {
    const auto document = JsonDocument::parse(entity);
    EXPECT_TRUE(document) << entity;
    Report report;
    add_broken_rules(IdentityRules{options, of_class}, document->view(), report);
    std::vector<std::string> rules;
    for (const Violation& violation : report.violations()) {
        rules.push_back(std::string{violation.keyword} + " " + violation.pointer +
                        (violation.key.empty() ? "" : " " + violation.key));
        EXPECT_FALSE(violation.message.empty());
    }
    return rules;
}

std::vector<std::string> broken_in_map(const std::string& map, const IdentityOptions& options = {}) {
    return broken(options, std::nullopt, "{\"identityMap\":" + map + "}");
}

std::string email(const std::string& id, const std::string& more = "") {
    return R"({"Email":[{"id":")" + id + "\"" + more + "}]}";
}

TEST(IdentityRules, EventsNeedIdAndTimestamp) {
    const auto event = [](const std::string& entity) {
        return broken({}, StreamKind::ExperienceEvent, entity);
    };
    EXPECT_THAT(event(R"({"_id":"a-1","timestamp":"2026-01-31T12:00:00.123Z"})"), IsEmpty());
    EXPECT_THAT(event("{}"), ElementsAre("required  _id", "required  timestamp"));
    EXPECT_THAT(event(R"({"_id":7,"timestamp":1556668800})"), ElementsAre("type /_id", "type /timestamp"));
    EXPECT_THAT(event(R"({"_id":" ","timestamp":"2026-01-31 12:00:00"})"),
                ElementsAre("minLength /_id", "format /timestamp"));
    EXPECT_THAT(event(R"({"_id":"a b","timestamp":"2026-01-31T12:00:00Z"})"), ElementsAre("format /_id"));
    EXPECT_THAT(event("[1]"), ElementsAre("type "));
}

TEST(IdentityRules, ProfilesAndEntitiesWithoutClassNeedNeither) {
    EXPECT_THAT(broken({}, StreamKind::Profile, "{}"), IsEmpty());
    EXPECT_THAT(broken({}, std::nullopt, "{}"), IsEmpty());
}

TEST(IdentityRules, ThePrimaryIdentityIsTheNamedField) {
    IdentityOptions options;
    options.primary = "/personalEmail/address";
    const auto profile = [&](const std::string& entity) {
        return broken(options, StreamKind::Profile, entity);
    };
    EXPECT_THAT(profile(R"({"personalEmail":{"address":"a@b.example"}})"), IsEmpty());
    EXPECT_THAT(profile("{}"), ElementsAre("required  personalEmail"));
    EXPECT_THAT(profile(R"({"personalEmail":{}})"), ElementsAre("required /personalEmail address"));
    EXPECT_THAT(profile(R"({"personalEmail":{"address":7}})"), ElementsAre("type /personalEmail/address"));
    EXPECT_THAT(profile(R"({"personalEmail":{"address":"null"}})"),
                ElementsAre("not /personalEmail/address"));
    EXPECT_THAT(
        profile(R"({"personalEmail":{"address":"a"},"identityMap":{"Email":[{"id":"a","primary":true}]}})"),
        IsEmpty())
        << "AEP goes by the field";
}

TEST(IdentityRules, ThePrimaryIdentityIsMarkedInTheMap) {
    IdentityOptions options;
    options.primary = kInIdentityMap;
    EXPECT_THAT(broken(options, StreamKind::Profile, "{}"), ElementsAre("required  identityMap"));
    EXPECT_THAT(broken_in_map(email("a"), options), ElementsAre("required /identityMap"));
    EXPECT_THAT(broken_in_map(email("a", ",\"primary\":true"), options), IsEmpty());
}

TEST(IdentityRules, IdentityMapHasItsShape) {
    EXPECT_THAT(
        broken_in_map(
            R"({"Email":[{"id":"a@b.c","primary":true,"authenticatedState":"authenticated"}],"ECID":[{"id":")" +
            std::string{kEcid} + "\"}]}"),
        IsEmpty());
    EXPECT_THAT(broken_in_map("{}"), IsEmpty());
    EXPECT_THAT(broken_in_map("[]"), ElementsAre("type /identityMap"));
    EXPECT_THAT(broken_in_map(R"({"Email":{"id":"x"}})"), ElementsAre("type /identityMap/Email"));
    EXPECT_THAT(broken_in_map(R"({"Email":["x"]})"), ElementsAre("type /identityMap/Email/0"));
    EXPECT_THAT(broken_in_map(R"({"Email":[{"id":"x"},{}]})"),
                ElementsAre("required /identityMap/Email/1 id"));
    EXPECT_THAT(broken_in_map(R"({"a/b":[{"id":5}]})"), ElementsAre("type /identityMap/a~1b/0/id"));
    EXPECT_THAT(broken_in_map(email("x", ",\"primary\":\"true\"")),
                ElementsAre("type /identityMap/Email/0/primary"));
    EXPECT_THAT(broken_in_map(email("x", ",\"authenticatedState\":\"maybe\"")),
                ElementsAre("enum /identityMap/Email/0/authenticatedState"));
}

TEST(IdentityRules, OneIdentityAtMostIsPrimary) {
    EXPECT_THAT(broken_in_map(R"({"Email":[{"id":"x","primary":true}],"Phone":[{"id":"y","primary":true}]})"),
                ElementsAre("maxItems /identityMap/Phone/0"));
}

TEST(IdentityRules, TwentyIdentitiesAtMost) {
    const auto map_of = [](int count) {
        std::string items;
        for (int i = 0; i < count; ++i)
            items += (i == 0 ? "" : ",") + std::string{R"({"id":"x)"} + std::to_string(i) + "\"}";
        return R"({"Email":[)" + items + "],\"Phone\":[]}";
    };
    EXPECT_THAT(broken_in_map(map_of(20)), IsEmpty());
    EXPECT_THAT(broken_in_map(map_of(21)), ElementsAre("maxItems /identityMap"));
}

TEST(IdentityRules, AnEcidIs38Digits) {
    const auto ecid = [](const std::string& id) {
        return broken_in_map(R"({"ECID":[{"id":")" + id + "\"}]}");
    };
    EXPECT_THAT(ecid(kEcid), IsEmpty());
    EXPECT_THAT(ecid(std::string{kEcid} + "1"), ElementsAre("pattern /identityMap/ECID/0/id"));
    EXPECT_THAT(ecid(std::string(37, '1') + "x"), ElementsAre("pattern /identityMap/ECID/0/id"));
}

TEST(IdentityRules, ValuesAreNeitherBlankNorLongNorPlaceholders) {
    const std::string at = "/identityMap/Email/0/id";
    for (const char* blank : {"", " ", "\\t \\n"})
        EXPECT_THAT(broken_in_map(email(blank)), ElementsAre("minLength " + at));
    for (const char* word : {"null", "anonymous", "invalid"})
        EXPECT_THAT(broken_in_map(email(word)), ElementsAre("not " + at));
    EXPECT_THAT(broken_in_map(email("nullable")), IsEmpty());
    EXPECT_THAT(broken_in_map(email("unknown")), IsEmpty());
    IdentityOptions options;
    options.placeholders = {"unknown"};
    EXPECT_THAT(broken_in_map(email("unknown"), options), ElementsAre("not " + at));
    EXPECT_THAT(broken_in_map(email("null"), options), ElementsAre("not " + at)) << "those of AEP stay";

    std::string umlauts;
    for (std::size_t i = 0; i < IdentityRules::kLongestIdentity; ++i) umlauts += "\xC3\xA4";
    EXPECT_THAT(broken_in_map(email(umlauts)), IsEmpty()) << "characters count, not bytes";
    EXPECT_THAT(broken_in_map(email(umlauts + "x")), ElementsAre("maxLength " + at));
}

TEST(IdentityRules, NamespaceCodesHaveTheirCase) {
    IdentityOptions options;
    options.namespaces = {"Email", "ECID"};
    EXPECT_THAT(broken_in_map(email("a"), options), IsEmpty());
    EXPECT_THAT(broken_in_map(R"({"email":[{"id":"a"}]})", options), ElementsAre("enum /identityMap/email"));
    EXPECT_THAT(broken_in_map(R"({"Phone":[{"id":"a"}]})", options), ElementsAre("enum /identityMap/Phone"));

    const auto document = JsonDocument::parse(R"({"identityMap":{"email":[{"id":"a"}]}})");
    Report report;
    add_broken_rules(IdentityRules{options, std::nullopt}, document->view(), report);
    EXPECT_THAT(report.violations().front().message, HasSubstr("write Email"));
}

TEST(IdentityRules, WhatTheSchemaReportedIsNotReportedTwice) {
    const auto document = JsonDocument::parse("{}");
    Report report;
    report.add({"required", "", "_id", "from the schema"});
    add_broken_rules(IdentityRules{{}, StreamKind::ExperienceEvent}, document->view(), report);
    EXPECT_EQ(report.violations().size(), 2U);
    EXPECT_EQ(report.violations().front().message, "from the schema");
}

}  // namespace
}  // namespace aep::xdm
