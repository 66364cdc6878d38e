#include "app/agent_id.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace aep::app {
namespace {

namespace fs = std::filesystem;

class AgentId : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "agent-id-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        dir_ = pattern;
    }
    void TearDown() override { fs::remove_all(dir_); }

    fs::path dir_;
};

TEST_F(AgentId, IsMadeOnceAndKept) {
    const auto first = load_or_make_agent_id(dir_ / "deep" / "state");
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->size(), 32U);
    EXPECT_EQ(*load_or_make_agent_id(dir_ / "deep" / "state"), *first);
}

TEST_F(AgentId, DiffersBetweenHosts) {
    EXPECT_NE(*load_or_make_agent_id(dir_ / "a"), *load_or_make_agent_id(dir_ / "b"));
}

TEST_F(AgentId, IsReadByOneShotCommandsWhereItExists) {
    EXPECT_EQ(one_shot_agent_id(dir_), "one-shot");
    const auto id = load_or_make_agent_id(dir_);
    EXPECT_EQ(one_shot_agent_id(dir_), *id);
}

TEST_F(AgentId, SaysWhatToDoWhereTheDirectoryCannotBeWritten) {
    std::ofstream{dir_ / "file"} << "not a directory";
    const auto id = load_or_make_agent_id(dir_ / "file" / "state");
    ASSERT_FALSE(id.has_value());
    EXPECT_NE(id.error().message.find("agent.state_dir"), std::string::npos) << id.error().message;
    EXPECT_NE(id.error().message.find("create it"), std::string::npos) << id.error().message;
}

}  // namespace
}  // namespace aep::app
