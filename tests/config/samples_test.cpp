#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "config/fixture.hpp"
#include "config/map_reader.hpp"
#include "config/read_config.hpp"
#include "config/yaml_file.hpp"

/// The samples and the JSON Schema in config/ belong to the contract: they must agree with the parser.
namespace aep::config {
namespace {

namespace fs = std::filesystem;

fs::path samples() {
    return AEP_CONFIG_DIR;
}

std::string contents(const fs::path& path) {
    std::ifstream input{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{input}, {}};
}

std::optional<std::string> sample_environment(const std::string& name) {
    if (name == "AEP_ORG_ID") return "ORG@AdobeOrg";
    if (name == "AEP_INLET_URL") return "https://dcs.adobedc.net/collection/abc";
    if (name == "AEP_DATASET_ID") return "5e30d7986c0cc218a85cee65";
    if (name == "AEP_SCHEMA_ID") return "https://ns.adobe.com/acme/schemas/abc";
    return std::nullopt;
}

class Sample : public testing::TestWithParam<const char*> {};

TEST_P(Sample, LoadsWithoutProblemsAndWarnings) {
    LoadOptions options;
    options.environment = sample_environment;
    const LoadOutcome outcome = load({samples() / GetParam()}, options);
    for (const Problem& problem : outcome.problems) ADD_FAILURE() << problem.to_string();
    for (const Problem& warning : outcome.warnings) ADD_FAILURE() << warning.to_string();
    EXPECT_TRUE(outcome.config);
}

INSTANTIATE_TEST_SUITE_P(Config, Sample, testing::Values("service.yaml", "sidecar.yaml", "pipe.yaml"));

std::string child_of(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
}

/// Adds the keys below `schema` as the parser names them: "destinations[].batch.linger".
void collect_keys(const boost::json::object& schema, const std::string& path, std::set<std::string>& keys) {
    if (const auto* properties = schema.if_contains("properties")) {
        for (const auto& property : properties->as_object()) {
            const std::string key = child_of(path, std::string{property.key()});
            keys.insert(key);
            collect_keys(property.value().as_object(), key, keys);
        }
    }
    if (const auto* items = schema.if_contains("items")) collect_keys(items->as_object(), path + "[]", keys);
    if (const auto* choices = schema.if_contains("anyOf")) {
        for (const auto& choice : choices->as_array()) collect_keys(choice.as_object(), path, keys);
    }
}

TEST(JsonSchema, HasExactlyTheKeysOfTheParser) {
    const auto file = std::make_shared<const File>(File{"all.yaml", "/", 0});
    Context context;
    // Keys that depend on others show themselves in one or the other of these entries.
    const std::optional<Value> root = parse_yaml(
        "platforms: [{}]\nsources: [{type: file}, {type: stdin}, {type: tcp}]\n"
        "streams: [{}, {entity_id: hash, timestamp: none, invalid_limit: {}}]\ndestinations: [{}]\nreceipts: "
        "{}\n",
        file, context.problems);
    ASSERT_TRUE(root);
    Effective shown;
    (void)read_config(*root, Sources::Required, shown, context);

    std::set<std::string> in_schema;
    collect_keys(boost::json::parse(contents(samples() / "aep-agent.schema.json")).as_object(), "",
                 in_schema);
    EXPECT_THAT(in_schema, testing::ContainerEq(context.known_keys));
}

TEST(Reference, MentionsEveryKey) {
    std::set<std::string> keys;
    collect_keys(boost::json::parse(contents(samples() / "aep-agent.schema.json")).as_object(), "", keys);
    const std::string reference = contents(samples() / "REFERENCE.md");
    for (const std::string& key : keys) {
        const std::string name = key.substr(key.rfind('.') == std::string::npos ? 0 : key.rfind('.') + 1);
        const bool alone = reference.find("`" + name + "`") != std::string::npos;
        const bool dotted = reference.find("." + name + "`") != std::string::npos;
        EXPECT_TRUE(alone || dotted) << key;
    }
}

}  // namespace
}  // namespace aep::config
