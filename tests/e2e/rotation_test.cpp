#include <gtest/gtest.h>

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

// Every way in which log files are rotated, while an application writes: unique ids, compared one by one.
namespace aep::e2e {
namespace {

namespace fs = std::filesystem;

/// How often a file is rotated: AEP_ROTATIONS, or what the test says.
int rotations(int by_default) {
    const char* given = std::getenv("AEP_ROTATIONS");
    return given != nullptr ? std::atoi(given) : by_default;
}

class Rotation : public testing::Test {
  protected:
    Rotation() {
        fs::create_directory(agent_.file("log"));
        write(0);
    }

    [[nodiscard]] std::string log(const std::string& name = "app.ndjson") const {
        return agent_.file("log/" + name);
    }
    void follow(const std::string& include, const std::string& more = "") {
        agent_.start(AgentConfig::to(inlet_).file_source("app", include, "events", more));
    }
    /// The application writes so many records.
    void write(std::uint64_t records) {
        append(log(), event_lines(written_, records));
        written_ += records;
    }
    /// It goes on writing until the agent has begun to read the file.
    [[nodiscard]] bool write_until_it_is_read() {
        const auto before = static_cast<double>(written_);
        return eventually(
            [&] {
                write(5);
                return agent_.metrics().records("read") > before;
            },
            kSoon, milliseconds{1});
    }
    [[nodiscard]] bool all_is_read() const {
        return eventually([&] { return agent_.metrics().records("read") >= static_cast<double>(written_); },
                          kSoon, milliseconds{1});
    }
    void expect_each_once() {
        EXPECT_TRUE(eventually([&] { return entities_.read() >= written_; }, seconds{60}))
            << entities_.size() << " of " << written_ << '\n'
            << agent_.process().err().substr(0, 4000);
        EXPECT_TRUE(entities_.missing(event_ids(0, written_)).empty());
        EXPECT_EQ(agent_.metrics().sum("aep_agent_source_lost_bytes_total"), 0);
        EXPECT_EQ(agent_.stop(), 0);
        entities_.read();
        EXPECT_EQ(entities_.duplicates(), 0U);
        EXPECT_EQ(agent_.process().err().find(" error "), std::string::npos) << agent_.process().err();
    }

    /// Rotates by renaming, numbers upward, `keep` old files at most.
    void rename_often(int times, int keep) {
        for (int i = 1; i <= times; ++i) {
            ASSERT_TRUE(write_until_it_is_read()) << "rotation " << i;
            fs::rename(log(), log("app.ndjson." + std::to_string(i)));
            if (i > keep) fs::remove(log("app.ndjson." + std::to_string(i - keep)));
        }
        write(10);
    }
    void delete_often(int times) {
        for (int i = 1; i <= times; ++i) {
            ASSERT_TRUE(write_until_it_is_read()) << "deletion " << i;
            write(50);
            fs::remove(log());
        }
        write(10);
    }
    /// Each time as many bytes as before, other ones, or fewer.
    void rewrite_often(int times) {
        for (int i = 1; i <= times; ++i) {
            write(10 + static_cast<std::uint64_t>(i % 3 == 0));
            ASSERT_TRUE(all_is_read()) << "rewrite " << i;
            fs::resize_file(log(), 0);
        }
        write(10);
    }

    /// As logrotate's `copytruncate` does it.
    void copy_and_truncate_often(int times) {
        for (int i = 1; i <= times; ++i) {
            ASSERT_TRUE(write_until_it_is_read()) << "rotation " << i;
            write(50);
            fs::copy_file(log(), log("app.ndjson." + std::to_string(i)));
            fs::resize_file(log(), 0);
            if (i > 20) fs::remove(log("app.ndjson." + std::to_string(i - 20)));
        }
        write(10);
    }

    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
    std::uint64_t written_ = 0;
};
using RotationLong = Rotation;

TEST_F(Rotation, ByRenamingWithinTheGlobs) {
    follow(log("app.ndjson*"));
    for (int i = 1; i <= rotations(300); ++i) {
        write(20);
        fs::rename(log(), log("app.ndjson." + std::to_string(i)));
    }
    write(20);
    expect_each_once();
}

TEST_F(Rotation, ByShiftingNumbers) {
    constexpr int kKeep = 20;
    follow(log("app.ndjson*"));
    for (int i = 0; i < rotations(100); ++i) {
        ASSERT_TRUE(write_until_it_is_read());
        for (int n = kKeep; n > 0; --n) {
            const std::string from = log("app.ndjson." + std::to_string(n));
            if (fs::exists(from)) fs::rename(from, log("app.ndjson." + std::to_string(n + 1)));
        }
        fs::rename(log(), log("app.ndjson.1"));
        fs::remove(log("app.ndjson." + std::to_string(kKeep + 1)));
    }
    write(20);
    expect_each_once();
}

TEST_F(Rotation, ByRenamingOutOfTheGlobs) {
    follow(log());
    rename_often(rotations(100), 20);
    expect_each_once();
}

TEST_F(RotationLong, ByRenamingOutOfTheGlobs) {
    follow(log());
    rename_often(rotations(1000), 20);
    expect_each_once();
}

TEST_F(Rotation, ByDeletingWhatIsOpen) {
    follow(log());
    delete_often(rotations(100));
    expect_each_once();
}

TEST_F(RotationLong, ByDeletingWhatIsOpen) {
    follow(log());
    delete_often(rotations(1000));
    expect_each_once();
}

TEST_F(Rotation, ByTruncatingAndWritingAsMuchOrLess) {
    follow(log());
    rewrite_often(rotations(100));
    expect_each_once();
}

TEST_F(RotationLong, ByTruncatingAndWritingAsMuchOrLess) {
    follow(log());
    rewrite_often(rotations(1000));
    expect_each_once();
}

TEST_F(Rotation, ByCopyingAndTruncating) {
    follow(log());
    copy_and_truncate_often(rotations(100));
    expect_each_once();
}

TEST_F(RotationLong, ByCopyingAndTruncating) {
    follow(log());
    copy_and_truncate_often(rotations(1000));
    expect_each_once();
}

TEST_F(Rotation, ByCopyingWithinTheGlobsAndTruncating) {
    follow(log("app.ndjson*"));
    copy_and_truncate_often(rotations(100));
    expect_each_once();
}

TEST_F(Rotation, ByTruncatingCountsWhatIsLost) {
    inlet_.set_fault(R"({"stall":true})");
    agent_.start(AgentConfig::to(inlet_, "timeout: {connect: 2s, request: 1s}")
                     .agent("memory_limit: 16MiB")
                     .file_source("app", log()));
    // More than the memory holds, so that the agent cannot read it all.
    const std::string lines = event_lines(0, 40'000, 1000);
    append(log(), lines);
    double read = 0;
    ASSERT_TRUE(eventually(
        [&] {
            const double now = agent_.metrics().records("read");
            return now > 0 && std::exchange(read, now) == now;
        },
        kSoon, milliseconds{500}));
    fs::resize_file(log(), 0);
    inlet_.clear_fault();
    const std::string next = event(40'000);
    append(log(), next + '\n');

    const auto lost = [&] { return agent_.metrics().sum("aep_agent_source_lost_bytes_total"); };
    ASSERT_TRUE(eventually([&] { return lost() > 0; }));
    ASSERT_TRUE(eventually([&] { return agent_.metrics().records("in_flight") == 0; }));
    entities_.read();
    const std::vector<std::string> missing = entities_.missing(event_ids(0, 40'001));
    ASSERT_FALSE(missing.empty());
    // Only what was truncated before it could be read: the end of the file, all of it.
    EXPECT_EQ(missing.front(), event_id(40'000 - missing.size()));
    EXPECT_EQ(missing.back(), event_id(39'999));
    EXPECT_EQ(lost(), static_cast<double>(missing.size() * lines.size() / 40'000));
    EXPECT_NE(agent_.process().err().find("source_lost"), std::string::npos);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(Rotation, ByRenamingAndCompressing) {
    follow(log() + "', '" + log("app.ndjson.*.gz"));
    for (int i = 1; i <= 10; ++i) {
        ASSERT_TRUE(write_until_it_is_read());
        write(50);
        const std::string rotated = log("app.ndjson." + std::to_string(i));
        fs::rename(log(), rotated);
        ASSERT_EQ(std::system(("gzip " + rotated).c_str()), 0);
    }
    write(10);
    ASSERT_TRUE(eventually([&] { return entities_.read() >= written_; }));
    // The compressed ones are looked at when they have not changed for a second.
    EXPECT_TRUE(throughout([&] { return entities_.read() == written_; }, seconds{4}));
    expect_each_once();
}

}  // namespace
}  // namespace aep::e2e
