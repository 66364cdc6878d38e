#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"
#include "harness/small_file_system.hpp"

// Files that come after others on their inodes: as long, and beginning alike.
namespace aep::e2e {
namespace {

namespace fs = std::filesystem;
using Inodes = std::set<ino_t>;

class InodeReuse : public testing::Test {
  protected:
    void SetUp() override {
        if (!disk_.missing().empty()) {
            GTEST_SKIP() << "no small file system to reuse inodes on: " << disk_.missing();
        }
    }
    void start() { agent_.start(AgentConfig::to(inlet_).file_source("app", disk_.file("*.ndjson"))); }

    [[nodiscard]] std::string name(int number) const {
        return disk_.file("app-" + std::to_string(number) + ".ndjson");
    }
    /// Three records. Every other file begins with blanks, so that they are alike in all their first bytes.
    void make(int number) {
        append(name(number), (number % 2 == 0 ? std::string(1500, ' ') + "\n" : "") + event_lines(made_, 3));
        made_ += 3;
    }
    void make_all() {
        for (int i = 0; i < kFiles; ++i) make(i);
    }
    void remove_all() {
        for (int i = 0; i < kFiles; ++i) fs::remove(name(i));
    }
    [[nodiscard]] Inodes inodes() const {
        Inodes all;
        for (int i = 0; i < kFiles; ++i) all.insert(inode(i));
        return all;
    }
    [[nodiscard]] ino_t inode(int number) const {
        struct stat status {};
        EXPECT_EQ(::stat(name(number).c_str(), &status), 0);
        return status.st_ino;
    }
    [[nodiscard]] bool all_is_settled() {
        return eventually(
            [&] { return agent_.metrics().records("delivered") == static_cast<double>(made_ - begun_); });
    }
    /// No descriptor keeps a deleted file's inode.
    [[nodiscard]] bool all_is_closed() {
        return eventually([&] {
            for (const std::string& file : agent_.process().descriptors()) {
                if (file.starts_with(disk_.file("")) && file.ends_with("(deleted)")) return false;
            }
            return true;
        });
    }
    void restart() {
        ASSERT_EQ(agent_.stop(), 0);
        begun_ = made_;
    }
    void expect_each_once() {
        EXPECT_TRUE(eventually([&] { return entities_.read() >= made_; }))
            << entities_.size() << " of " << made_ << '\n'
            << agent_.process().err();
        EXPECT_TRUE(entities_.missing(event_ids(0, made_)).empty());
        EXPECT_EQ(entities_.duplicates(), 0U);
        EXPECT_EQ(agent_.metrics().sum("aep_agent_source_lost_bytes_total"), 0);
        EXPECT_EQ(agent_.process().err().find(" error "), std::string::npos) << agent_.process().err();
    }

    static constexpr int kFiles = 60;
    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
    SmallFileSystem disk_{agent_.directory()};
    std::uint64_t made_ = 0;   ///< records
    std::uint64_t begun_ = 0;  ///< those that were there before the agent was started
};

TEST_F(InodeReuse, MakesNewFilesWhileTheAgentRuns) {
    start();
    make_all();
    for (int round = 0; round < 4; ++round) {
        ASSERT_TRUE(all_is_settled()) << agent_.process().err();
        const Inodes before = inodes();
        remove_all();
        ASSERT_TRUE(all_is_closed());
        make_all();
        ASSERT_EQ(inodes(), before) << "the small file system did not reuse its inodes";
    }
    expect_each_once();
}

TEST_F(InodeReuse, MakesNewFilesWhileTheAgentIsDown) {
    make_all();
    start();
    for (int round = 0; round < 4; ++round) {
        ASSERT_TRUE(all_is_settled()) << agent_.process().err();
        restart();
        const Inodes before = inodes();
        remove_all();
        make_all();
        ASSERT_EQ(inodes(), before) << "the small file system did not reuse its inodes";
        start();
    }
    expect_each_once();
}

/// With few descriptors some files are closed, and their inodes are free as soon as they are deleted.
TEST_F(InodeReuse, MakesNewFilesOfThoseThatWereClosed) {
    agent_.limit_descriptors(64);
    start();
    make_all();
    for (int round = 0; round < 4; ++round) {
        ASSERT_TRUE(all_is_settled()) << agent_.process().err();
        const Inodes before = inodes();
        for (int i = 0; i < kFiles; ++i) {
            fs::remove(name(i));
            make(i);
        }
        Inodes reused;
        std::ranges::set_intersection(before, inodes(), std::inserter(reused, reused.end()));
        EXPECT_FALSE(reused.empty()) << "every file was open";
    }
    expect_each_once();
}

}  // namespace
}  // namespace aep::e2e
