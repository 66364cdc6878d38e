#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

constexpr std::size_t kMaxRecord = std::size_t{64} << 10U;
constexpr std::size_t kKeptOfTooLarge = 4096;

struct Broken {
    std::string bytes;
    std::string code;
};

std::vector<Broken> broken_records() {
    using namespace std::string_literals;
    const std::string time = R"("timestamp":"2026-01-31T12:00:00Z")";
    return {
        {R"({"_id":"x-1",)", "invalid_json"},
        {R"({"_id":"x-2",)" + time + "} trailing", "invalid_json"},
        {R"({"_id":"x-3",)" + time + ",\"a\":tru}", "invalid_json"},
        {"no json at all", "invalid_json"},
        {"{\"_id\":\"x-4\"," + time + ",\"a\":\"\0\"}"s, "invalid_json"},
        {"\0"s, "invalid_json"},
        {"{\"_id\":\"x-5\"," + time + ",\"a\":\"\xff\xfe\"}", "invalid_utf8"},
        {"{\"_id\":\"x-6\"," + time + ",\"a\":\"\xc3\"}", "invalid_utf8"},
        {R"({"_id":"x-7",)" + time + ",\"a\":123456789012345678901234567890}", "number_out_of_range"},
        {R"({"_id":"x-8",)" + time + ",\"a\":1e999}", "number_out_of_range"},
        {R"({"_id":"x-9",)" + time + ",\"a\":" + std::string(200, '[') + std::string(200, ']') + "}",
         "too_deep"},
        {"[1,2,3]", "not_an_object"},
        {"42", "not_an_object"},
        {R"({"_id":"x-10","_id":"x-11",)" + time + "}", "duplicate_key"},
        {R"({"_id":"",)" + time + "}", "id_invalid"},
        {R"({"_id":"x-12"})", "timestamp_missing"},
        {R"({"_id":"x-13","timestamp":"2026-01-31 12:00:00"})", "timestamp_invalid"},
        {R"({"_id":"x-14","timestamp":"9999-01-31T12:00:00Z"})", "timestamp_in_future"},
        {R"({"_id":"x-15","identityMap":{"Email":[{"id":"a@b.c","primary":"true"}]},)" + time + "}",
         "identity_map_invalid"},
        {R"({"_id":"x-16","a":")" + std::string(kMaxRecord, 'y') + "\"," + time + "}", "record_too_large"},
    };
}

/// A file in which every broken record stands between two good ones, with blank lines and both line ends.
struct MixedFile {
    std::string text;
    std::vector<std::string> good_ids;
    std::vector<std::uint64_t> broken_at;
};

MixedFile mix(const std::vector<Broken>& broken) {
    MixedFile file;
    std::uint64_t number = 0;
    const auto add_good = [&](const char* line_end) {
        file.good_ids.push_back(event_id(number));
        file.text += event(number++) + line_end;
    };
    for (const Broken& record : broken) {
        add_good("\n");
        file.text += "\n \t\n\r\n";
        add_good("\r\n");
        file.broken_at.push_back(file.text.size());
        file.text += record.bytes + (number % 4 == 0 ? "\r\n" : "\n");
    }
    add_good("\n");
    return file;
}

TEST(BrokenRecords, BecomeDeadLettersWhileTheirNeighboursAreDelivered) {
    const std::vector<Broken> broken = broken_records();
    const MixedFile mixed = mix(broken);
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    const std::string file = agent.file("mixed.ndjson");
    append(file, mixed.text);
    agent.start(AgentConfig::to(inlet).file_source("app", file, "events", "max_record: 64KiB"));

    EXPECT_TRUE(eventually([&] {
        return entities.read() == mixed.good_ids.size() &&
               agent.metrics().records("dead_lettered", "app") == static_cast<double>(broken.size());
    })) << agent.process().err();

    EXPECT_THAT(entities.missing(mixed.good_ids), testing::IsEmpty());
    EXPECT_EQ(entities.duplicates(), 0U);
    const auto letters = agent.dead_letters();
    ASSERT_EQ(letters.size(), broken.size());
    for (std::size_t i = 0; i < broken.size(); ++i) {
        SCOPED_TRACE(broken[i].bytes.substr(0, 80));
        const DeadLetter& letter = letters[i];
        const bool too_large = broken[i].code == "record_too_large";
        EXPECT_EQ(letter.code, broken[i].code) << letter.reason;
        EXPECT_NE(letter.reason, "");
        EXPECT_EQ(letter.position, mixed.broken_at[i]);
        EXPECT_EQ(letter.file, file);
        EXPECT_EQ(letter.source, "app");
        EXPECT_EQ(letter.stream, "events");
        EXPECT_EQ(letter.form, "record");
        EXPECT_EQ(letter.content, too_large ? broken[i].bytes.substr(0, kKeptOfTooLarge) : broken[i].bytes);
        EXPECT_EQ(letter.true_size, too_large ? broken[i].bytes.size() : 0);
        EXPECT_EQ(letter.status, 0);
    }
    const MetricsPage page = agent.metrics();
    EXPECT_EQ(page.records("read", "app"), static_cast<double>(broken.size() + mixed.good_ids.size()));
    EXPECT_TRUE(page.adds_up("app"));
    EXPECT_EQ(agent.stop(), 0);
}

TEST(BrokenRecords, AreDroppedAndCountedWhereTheStreamSaysSo) {
    const InletProcess inlet;
    AgentProcess agent;
    append(agent.file("mixed.ndjson"), event(0) + "\nno json\n" + event(1) + "\n");
    agent.start(AgentConfig{}
                    .file_source("app", agent.file("mixed.ndjson"))
                    .event_stream("events", "inlet", "on_invalid: drop")
                    .destination("inlet", inlet.url(), inlet.ca_file()));

    EXPECT_TRUE(eventually([&] { return agent.metrics().records("delivered") == 2; }));
    EXPECT_EQ(agent.metrics().records("dropped"), 1);
    EXPECT_TRUE(agent.metrics().adds_up("app"));
    EXPECT_TRUE(agent.dead_letters().empty());
}

}  // namespace
}  // namespace aep::e2e
