#include "config/effective.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/fixture.hpp"

namespace aep::config {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string printed(const ConfigDirectory& directory, const LoadOutcome& outcome) {
    EXPECT_TRUE(outcome.config) << testing::PrintToString(directory.lines(outcome.problems));
    return directory.without_directory(to_yaml(outcome.effective));
}

/// Without origins and the blanks before them.
std::string without_comments(const std::string& yaml) {
    std::string result;
    std::size_t begin = 0;
    while (begin < yaml.size()) {
        const std::size_t end = yaml.find('\n', begin);
        const std::string line = yaml.substr(begin, end - begin);
        const std::string content = line.substr(0, line.rfind("  # "));
        result += content.substr(0, content.find_last_not_of(' ') + 1) + "\n";
        begin = end + 1;
    }
    return result;
}

TEST(Effective, NamesTheOriginOfEachLine) {
    const ConfigDirectory directory;
    const std::string yaml = printed(directory, directory.load_text(kGood));
    EXPECT_THAT(yaml, testing::ContainsRegex("\n  memory_limit: 32MiB +# agent.yaml:2\n"));
    EXPECT_THAT(yaml, testing::ContainsRegex("\n  workers: auto +# default\n"));
    EXPECT_THAT(yaml, testing::ContainsRegex("^agent: +# agent.yaml:1\n"));
    EXPECT_THAT(yaml, testing::ContainsRegex("\n      - /var/log/shop/[*].json +# agent.yaml:9\n"));
}

TEST(Effective, HidesSecrets) {
    ConfigDirectory directory;
    directory.set("TOKEN", "s3cret");
    const LoadOutcome outcome =
        directory.load_text(with(kGood, "    batch:",
                                 "    headers: {Authorization: 'Bearer ${TOKEN}', X-Api-Key: s3cret, "
                                 "X-Auth: s3cret, My-Credentials: s3cret, x-pass: s3cret, "
                                 "x-sandbox-name: prod}\n    batch:"));
    const std::string yaml = printed(directory, outcome);
    EXPECT_THAT(yaml, Not(HasSubstr("s3cret")));
    EXPECT_THAT(yaml, testing::ContainsRegex("Authorization: \"[*]{3}\" +# agent.yaml:21, [$][{]TOKEN[}]\n"));
    EXPECT_THAT(yaml, HasSubstr("x-sandbox-name: prod"));
    EXPECT_EQ(outcome.config->destination("inlet").delivery.headers.at(0).second, "Bearer s3cret");
}

TEST(Effective, ShowsGlobsAsTheFilesThatTheyStandFor) {
    const ConfigDirectory directory;
    const LoadOutcome outcome = directory.load_text(with(kGood, "/var/log/shop/*.json", "logs/*.json"));
    const std::string yaml = to_yaml(outcome.effective);
    EXPECT_THAT(yaml, HasSubstr("\n      - " + (directory.path() / "logs/*.json").string() + " "));
}

TEST(Effective, HidesTheCredentialsOfAProxy) {
    ConfigDirectory directory;
    directory.set("PROXY_PASSWORD", "s3cret");
    const LoadOutcome outcome = directory.load_text(
        with(kGood, "    batch:", "    proxy: http://me:${PROXY_PASSWORD}@proxy:3128\n    batch:"));
    const std::string yaml = printed(directory, outcome);
    EXPECT_THAT(yaml, Not(HasSubstr("s3cret")));
    EXPECT_THAT(yaml, HasSubstr("http://***@proxy:3128"));
    EXPECT_EQ(outcome.config->destination("inlet").delivery.proxy, "http://me:s3cret@proxy:3128");
}

TEST(Effective, ReadsBackToTheSame) {
    ConfigDirectory directory;
    directory.set("ODD", "a: \"b\" ${c} # d\\");
    const LoadOutcome first =
        directory.load_text(with(kGood, "    batch:", "    headers: {x-odd: '${ODD}'}\n    batch:"));
    const std::string once = printed(directory, first);
    const LoadOutcome second = directory.load_text(once);
    EXPECT_EQ(without_comments(printed(directory, second)), without_comments(once));
    ASSERT_TRUE(second.config);
    EXPECT_EQ(second.config->destination("inlet").delivery.headers.at(0).second, "a: \"b\" ${c} # d\\");
}

}  // namespace
}  // namespace aep::config
