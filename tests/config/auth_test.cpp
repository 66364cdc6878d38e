#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/effective.hpp"
#include "config/fixture.hpp"

namespace aep::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kOrg = "    org_id: ORG@AdobeOrg";
constexpr const char* kUser = "    url: https";

/// The good configuration with this `auth` in its platform, used by its destination.
std::string with_auth(const std::string& auth) {
    return with(with(kGood, kOrg, std::string{kOrg} + "\n    auth: " + auth), kUser,
                "    auth: platform\n" + std::string{kUser});
}

TEST(Auth, NeedsAClientAndItsSecretAlone) {
    const ConfigDirectory directory;
    const LoadOutcome outcome = directory.load_text(
        with_auth("{type: oauth_server_to_server, client_id: me, client_secret: s3cret}"));
    ASSERT_TRUE(outcome.config) << testing::PrintToString(directory.lines(outcome.problems));
    ASSERT_EQ(outcome.config->tokens.size(), 1U);
    const http::TokenOptions& tokens = outcome.config->tokens[0];
    EXPECT_EQ(tokens.platform, "main");
    EXPECT_EQ(tokens.token_url, "https://ims-na1.adobelogin.com/ims/token/v3");
    EXPECT_EQ(tokens.client_id, "me");
    EXPECT_EQ(tokens.client_secret.text, "s3cret");
    EXPECT_EQ(tokens.scopes.size(), 5U);
    EXPECT_EQ(outcome.config->destination("inlet").token_platform, "main");
    EXPECT_THAT(to_yaml(outcome.effective), Not(HasSubstr("s3cret")));
}

TEST(Auth, KeepsTheFileOfTheSecret) {
    ConfigDirectory directory;
    directory.write("credentials/secret", "s3cret\n");
    directory.set("CREDENTIALS_DIRECTORY", "credentials");
    for (const char* spelling : {"${file:credentials/secret}", "${file:${CREDENTIALS_DIRECTORY}/secret}"}) {
        const LoadOutcome outcome = directory.load_text(with_auth(
            "{type: oauth_server_to_server, client_id: me, client_secret: '" + std::string{spelling} + "'}"));
        ASSERT_TRUE(outcome.config) << testing::PrintToString(directory.lines(outcome.problems));
        EXPECT_THAT(outcome.config->tokens[0].client_secret.file, testing::EndsWith("/credentials/secret"));
        EXPECT_EQ(outcome.config->tokens[0].client_secret.text, "");
        EXPECT_THAT(to_yaml(outcome.effective), Not(HasSubstr("s3cret")));
    }
    const LoadOutcome mixed = directory.load_text(with_auth(
        "{type: oauth_server_to_server, client_id: me, client_secret: 'x${file:credentials/secret}'}"));
    EXPECT_EQ(mixed.config->tokens[0].client_secret.text, "xs3cret");
    EXPECT_EQ(mixed.config->tokens[0].client_secret.file, "");
}

TEST(Auth, ReachesItsEndpointAsTheInletIsReachedUnlessItSaysOtherwise) {
    const ConfigDirectory directory;
    const std::string auth = "{type: oauth_server_to_server, client_id: me, client_secret: s";
    const std::string user = "    proxy: http://inlets:1\n    tls: {ca_file: a.pem}\n";
    const LoadOutcome same = directory.load_text(with(with_auth(auth + "}"), kUser, user + kUser));
    ASSERT_TRUE(same.config) << testing::PrintToString(directory.lines(same.problems));
    EXPECT_EQ(same.config->tokens[0].proxy, "http://inlets:1");
    EXPECT_THAT(same.config->tokens[0].tls->ca_file, testing::EndsWith("/a.pem"));
    const LoadOutcome own = directory.load_text(
        with(with_auth(auth + ", proxy: none, tls: {ca_file: b.pem}}"), kUser, user + kUser));
    ASSERT_TRUE(own.config) << testing::PrintToString(directory.lines(own.problems));
    EXPECT_EQ(own.config->tokens[0].proxy, "none");
    EXPECT_THAT(own.config->tokens[0].tls->ca_file, testing::EndsWith("/b.pem"));
}

TEST(Auth, ThatIsIncompleteOrWrongIsReported) {
    const ConfigDirectory directory;
    EXPECT_THAT(
        directory.lines(
            directory.load_text(with_auth("{type: jwt, token_url: 'http://ims/x', scopes: ['a,b']}"))
                .problems),
        testing::UnorderedElementsAre(
            "agent.yaml:6:11: platforms[0].auth: 'client_id' is missing; add `client_id: ...`",
            "agent.yaml:6:11: platforms[0].auth: 'client_secret' is missing; add `client_secret: "
            "${file:PATH}`",
            "agent.yaml:6:18: platforms[0].auth.type: 'jwt' is not known; use one of: oauth_server_to_server",
            "agent.yaml:6:34: platforms[0].auth.token_url: 'http://ims/x' is not encrypted; TLS is required: "
            "write https://",
            "agent.yaml:6:59: platforms[0].auth.scopes[0]: 'a,b' is not a scope; write one of those that the "
            "Developer Console shows: openid"));
}

TEST(Auth, OfThePlatformMustBeThereWhereADestinationUsesIt) {
    const ConfigDirectory directory;
    const LoadOutcome outcome =
        directory.load_text(with(kGood, kUser, "    auth: platform\n" + std::string{kUser}));
    EXPECT_THAT(directory.lines(outcome.problems),
                ElementsAre("agent.yaml:20:11: destinations[0].auth: there is no `auth` in the destination's "
                            "platform; add the platform's client_id and client_secret there, or remove it"));
}

TEST(Auth, ThatNobodyUsesIsAWarning) {
    const ConfigDirectory directory;
    const LoadOutcome outcome = directory.load_text(with(
        kGood, kOrg,
        std::string{kOrg} + "\n    auth: {type: oauth_server_to_server, client_id: me, client_secret: s}"));
    EXPECT_THAT(directory.lines(outcome.problems), IsEmpty());
    EXPECT_THAT(directory.lines(outcome.warnings),
                ElementsAre(HasSubstr("platforms[0].auth: no destination uses it; add `auth: platform`")));
    EXPECT_THAT(outcome.config->tokens, IsEmpty());
}

}  // namespace
}  // namespace aep::config
