#include <gtest/gtest.h>

#include <deque>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"
#include "harness/sender.hpp"

// The agent where it may open 64 files and sockets, and would like more.
namespace aep::e2e {
namespace {

class FewDescriptors : public testing::Test {
  protected:
    FewDescriptors() { agent_.limit_descriptors(64); }

    void expect_each_once(std::uint64_t records) {
        EXPECT_TRUE(eventually([&] { return entities_.read() >= records; }, seconds{60}))
            << entities_.size() << " of " << records << '\n'
            << agent_.process().err();
        EXPECT_TRUE(entities_.missing(event_ids(0, records)).empty());
        EXPECT_EQ(entities_.duplicates(), 0U);
        EXPECT_EQ(agent_.process().err().find(" error "), std::string::npos) << agent_.process().err();
    }
    [[nodiscard]] bool says(const std::string& code) {
        return eventually([&] { return agent_.process().err().find(code) != std::string::npos; });
    }

    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
};

TEST_F(FewDescriptors, AreEnoughForTwoHundredGrowingFilesAndASocket) {
    constexpr std::uint64_t kFiles = 200;
    constexpr std::uint64_t kRounds = 20;
    agent_.start(AgentConfig::to(inlet_)
                     .file_source("files", agent_.file("*.ndjson"))
                     .source("net", "type: tcp, listen: '127.0.0.1:0'"));
    Sender sender = Sender::tcp(agent_.listening("net"));
    std::uint64_t written = 0;
    for (std::uint64_t round = 0; round < kRounds; ++round) {
        for (std::uint64_t file = 0; file < kFiles; ++file) {
            append(agent_.file(std::to_string(file) + ".ndjson"), event_lines(written++, 1));
        }
        ASSERT_TRUE(sender.send(event_lines(written, 10)));
        written += 10;
    }
    expect_each_once(written);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(FewDescriptors, KeepConnectionsWaitingUntilOthersEnd) {
    agent_.start(AgentConfig::to(inlet_).source("net", "type: tcp, listen: '127.0.0.1:0'"));
    const std::string address = agent_.listening("net");
    // Idle ones that take all that there is, and one behind them.
    std::deque<Sender> idle;
    for (int i = 0; i < 100; ++i) idle.push_back(Sender::tcp(address));
    ASSERT_TRUE(says(" accept_failed: "));
    const milliseconds before = agent_.process().cpu_time();
    EXPECT_TRUE(throughout([&] { return agent_.process().is_running(); }, seconds{2}));
    EXPECT_LT(agent_.process().cpu_time() - before, milliseconds{500}) << "it spins";

    // What one of them sends is delivered: there are descriptors for that.
    ASSERT_TRUE(idle.front().send(event_lines(0, 10)));
    EXPECT_TRUE(eventually([&] { return entities_.read() == 10; })) << agent_.process().err();

    idle.clear();
    ASSERT_TRUE(eventually([&] {
        Sender late = Sender::tcp(address);
        return late.send(event_lines(10, 10)) &&
               eventually([&] { return entities_.read() == 20; }, seconds{3});
    })) << agent_.process().err();
    expect_each_once(20);
}

}  // namespace
}  // namespace aep::e2e
