#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Receipts : public testing::Test {
  protected:
    void run(const std::string& lines, double records, const std::string& receipts = "receipts: {}") {
        append(agent_.file("events.ndjson"), lines);
        AgentConfig config = AgentConfig::to(inlet_).file_source("app", agent_.file("events.ndjson"));
        agent_.start(config.section(receipts));
        ASSERT_TRUE(eventually([&] {
            const MetricsPage page = agent_.metrics();
            return page.records("read") == records && page.records("in_flight") == 0;
        })) << agent_.process().err();
        ASSERT_EQ(agent_.stop(), 0);
    }
    [[nodiscard]] Outcome trace(std::vector<std::string> question) const {
        question.insert(question.begin(), {"trace", "-c", agent_.file("agent.yaml")});
        return run_command(question, dir_.path());
    }

    TempDir dir_;
    InletProcess inlet_;
    AgentProcess agent_;
};

TEST_F(Receipts, NameEachMessageThatAepTook) {
    run(event_lines(0, 5'000), 5'000);
    std::map<std::uint64_t, std::uint64_t> number_at;  // by position
    for (std::uint64_t i = 0, position = 0; i < 5'000; position += event(i++).size() + 1)
        number_at[position] = i;
    std::size_t messages = 0;
    for (const auto& entry : fs::directory_iterator{agent_.file("state/receipts")}) {
        std::ifstream in{entry.path()};
        for (std::string line; std::getline(in, line);) {
            const auto receipt = boost::json::parse(line).as_object();
            EXPECT_EQ(receipt.at("destination").as_string(), "inlet");
            EXPECT_EQ(receipt.at("stream").as_string(), "events");
            EXPECT_TRUE(receipt.contains("batch_id")) << line;
            EXPECT_EQ(receipt.at("origins").at(0).at("file").as_string(), agent_.file("events.ndjson"));
            for (const auto& message : receipt.at("messages").as_array()) {
                const auto position = message.at("position").to_number<std::uint64_t>();
                ASSERT_TRUE(number_at.contains(position)) << position;
                ASSERT_EQ(message.at("id").as_string(), event_id(number_at[position]));
                ASSERT_FALSE(message.at("xaction_id").as_string().empty());
                ++messages;
            }
        }
    }
    EXPECT_EQ(messages, 5'000U);
}

TEST_F(Receipts, TellWhatBecameOfARecord) {
    inlet_.set_fault(R"({"refuse_every":2})");
    run(event_lines(0, 2) + "not json\n", 3);

    const Outcome delivered = trace({"--id", event_id(0)});
    EXPECT_EQ(delivered.exit_code, 0) << delivered.err;
    EXPECT_THAT(delivered.out, HasSubstr("destination 'inlet' accepted it (batchId "));
    EXPECT_THAT(delivered.out, HasSubstr("Delivered: "));

    const Outcome refused = trace({"--id", event_id(1)});
    EXPECT_THAT(refused.out, HasSubstr("is a dead letter: refused"));
    EXPECT_THAT(refused.out, HasSubstr("Not delivered: it waits as a dead letter."));

    const std::string offset = std::to_string(event_lines(0, 2).size());
    const Outcome broken = trace({"--file", agent_.file("events.ndjson"), "--offset", offset, "--json"});
    EXPECT_THAT(broken.out, HasSubstr("\"kind\":\"dead_letter\""));
    EXPECT_THAT(broken.out, HasSubstr("invalid_json"));

    const Outcome nothing = trace({"--id", "nobody"});
    EXPECT_EQ(nothing.exit_code, 1);
    EXPECT_THAT(nothing.out, HasSubstr("No trace of it"));
    EXPECT_EQ(trace({}).exit_code, 2);
}

TEST_F(Receipts, AreNotKeptUnlessAskedFor) {
    run(event_lines(0, 10), 10, "");
    EXPECT_FALSE(fs::exists(agent_.file("state/receipts")));
    EXPECT_THAT(trace({"--id", event_id(0)}).out, HasSubstr("not known: receipts are off"));
}

}  // namespace
}  // namespace aep::e2e
