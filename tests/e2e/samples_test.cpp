#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <vector>

#include "harness/agent_process.hpp"
#include "harness/inlet_process.hpp"

namespace aep::e2e {
namespace {

namespace json = boost::json;

std::filesystem::path samples_dir() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment
    const char* chosen = std::getenv("AEP_SAMPLES_DIR");
    return chosen != nullptr ? chosen : AEP_SAMPLES_DEFAULT_DIR;
}

std::vector<json::value> entities_of(const InletProcess& inlet) {
    std::vector<json::value> entities;
    std::istringstream lines{read_file(inlet.entities_file())};
    for (std::string line; std::getline(lines, line);) entities.push_back(json::parse(line));
    return entities;
}

/// What AEP wants of a sample: a number is no `_id`.
json::value with_text_id(json::value record) {
    if (json::value* id = record.as_object().if_contains("_id"); id != nullptr && id->is_int64()) {
        *id = std::to_string(id->as_int64());
    }
    return record;
}

/// Adobe's own sample records, as they are published: JSON arrays.
class AdobeSamples : public testing::Test {
  protected:
    /// What the inlet took of the file, after `send` said that all went well.
    std::vector<json::value> send(const std::filesystem::path& file, const std::string& kind) {
        const Outcome outcome = run_command(
            {"send", file, "--codec", "json", "--url", inlet_.url(), "--org", "0123456789ABCDEF@AdobeOrg",
             "--dataset", "5e30d7986c0cc218a85cee65", "--schema", "https://ns.adobe.com/acme/schemas/loyalty",
             "--kind", kind, "--ca", inlet_.ca_file()},
            dir_.path());
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        return entities_of(inlet_);
    }

    TempDir dir_;
    InletProcess inlet_;
};

TEST_F(AdobeSamples, OfEventsAreDeliveredWithTheirNumericIdsAsText) {
    const auto file = samples_dir() / "aep-loyalty-events.json";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "set AEP_SAMPLES_DIR: there is no " << file;
    const json::value samples = json::parse(read_file(file));

    const std::vector<json::value> entities = send(file, "experience_event");

    ASSERT_EQ(entities.size(), samples.as_array().size());
    for (const json::value& sample : samples.as_array()) {
        EXPECT_EQ(std::ranges::count(entities, with_text_id(sample)), 1) << json::serialize(sample);
    }
}

TEST_F(AdobeSamples, OfProfilesAreDeliveredAsTheyAreAndInOrder) {
    const auto file = samples_dir() / "aep-loyalty-profiles.json";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "set AEP_SAMPLES_DIR: there is no " << file;
    const json::value samples = json::parse(read_file(file));

    const std::vector<json::value> entities = send(file, "profile");

    ASSERT_EQ(entities.size(), samples.as_array().size());
    for (std::size_t i = 0; i < entities.size(); ++i) EXPECT_EQ(entities[i], samples.as_array()[i]);
}

}  // namespace
}  // namespace aep::e2e
