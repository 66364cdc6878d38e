#include "config/from_flags.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aep::config {
namespace {

Flags good_flags() {
    Flags flags;
    flags.url = "https://dcs.adobedc.net/collection/abc";
    flags.org = "ORG@AdobeOrg";
    flags.dataset = "5e30d7986c0cc218a85cee65";
    flags.schema = "https://ns.adobe.com/acme/schemas/abc";
    flags.kind = "experience_event";
    return flags;
}

std::vector<std::string> problems_of(const Flags& flags) {
    std::vector<std::string> lines;
    for (const Problem& problem : from_flags(flags).problems) lines.push_back(problem.to_string());
    return lines;
}

TEST(FromFlags, MakesOneStreamToOneDestination) {
    Flags flags = good_flags();
    flags.ca = "/tmp/ca.pem";
    const LoadOutcome outcome = from_flags(flags);
    ASSERT_TRUE(outcome.config) << testing::PrintToString(problems_of(flags));
    const pipeline::StreamOptions& stream = outcome.config->stream("events");
    EXPECT_EQ(stream.envelope.org_id, "ORG@AdobeOrg");
    EXPECT_EQ(stream.envelope.dataset_id, flags.dataset);
    EXPECT_EQ(outcome.config->destination(stream.destination).delivery.url, flags.url);
    EXPECT_EQ(outcome.config->destination(stream.destination).delivery.tls.ca_file, "/tmp/ca.pem");
    EXPECT_TRUE(outcome.config->sources.empty());
    EXPECT_TRUE(outcome.warnings.empty());
}

TEST(FromFlags, NamesTheFlagsThatAreMissing) {
    EXPECT_THAT(
        problems_of(Flags{}),
        testing::ElementsAre("--url is missing; add `--url https://dcs.adobedc.net/collection/INLET`",
                             "--org is missing; add `--org ...@AdobeOrg`",
                             "--dataset is missing; add `--dataset 24 HEX DIGITS`",
                             "--schema is missing; add `--schema https://ns.adobe.com/TENANT/schemas/HASH`",
                             "--kind is missing; add `--kind experience_event`"));
}

TEST(FromFlags, ChecksThemLikeAFile) {
    Flags flags = good_flags();
    flags.url = "http://localhost/collection/a";
    flags.kind = "event";
    EXPECT_THAT(
        problems_of(flags),
        testing::UnorderedElementsAre(
            "--url: 'http://localhost/collection/a' is not encrypted; TLS is required: write https://",
            "--kind: 'event' is not known; use one of: experience_event, profile"));
}

}  // namespace
}  // namespace aep::config
