#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <vector>

#include "harness/agent_process.hpp"
#include "harness/crash_rounds.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"
#include "harness/small_disk.hpp"

// A state_dir that cannot be used, or that something else has damaged: the agent says so. It never crashes,
// and never begins anew without a word.
namespace aep::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// AEP_DAMAGE_ROUNDS: how often a store is damaged in each way.
int damage_rounds() {
    const char* given = std::getenv("AEP_DAMAGE_ROUNDS");
    return given != nullptr ? std::atoi(given) : 30;
}

class DamagedState : public testing::Test {
  protected:
    static constexpr std::uint64_t kSettled = 500;
    static constexpr std::uint64_t kWaiting = 2'000;

    [[nodiscard]] AgentConfig config() const {
        return AgentConfig::to(inlet_,
                               "buffer: {type: disk, max_bytes: 64MiB}, batch: {max_messages: 200, linger: "
                               "20ms}, retry: {initial: 20ms, max: 200ms}")
            .file_source("app", file());
    }
    [[nodiscard]] std::string file() const { return agent_.file("events.ndjson"); }
    [[nodiscard]] fs::path store() const { return agent_.file("state/store"); }
    [[nodiscard]] fs::path data() const { return store() / "data.mdb"; }
    [[nodiscard]] std::string way_back() const {
        return "mv '" + store().string() + "' '" + store().string() + ".aside'";
    }

    /// The first records are delivered, the others wait in the disk buffer; all are behind the position.
    void make_state() {
        append(file(), event_lines(0, kSettled));
        agent_.start(config());
        ASSERT_TRUE(eventually([&] { return agent_.metrics().records("delivered") == kSettled; }));
        inlet_.set_fault(R"({"stall":true})");
        append(file(), event_lines(kSettled, kWaiting, 300));
        ASSERT_TRUE(eventually([&] {
            const auto positions = positions_of(agent_);
            return !positions.empty() && positions[0].position == fs::file_size(file());
        }));
        agent_.process().kill();
        inlet_.clear_fault();
        fs::copy_file(data(), agent_.file("whole.mdb"));
    }

    /// A run with what is there now, until all that waited has come, or an error has been logged, or it is
    /// over.
    void run_and_judge(const std::string& damage) {
        fs::remove(inlet_.entities_file());
        inlet_.restart_with({});
        EntityLog entities{inlet_.entities_file()};
        agent_.start_quietly(config());
        const auto complains = [&] { return agent_.process().err().find(" error ") != std::string::npos; };
        const auto all_here = [&] {
            entities.read();
            return entities.missing(event_ids(kSettled, kWaiting)).empty();
        };
        (void)eventually([&] { return !agent_.process().is_running() || complains() || all_here(); },
                         seconds{10});
        const bool started = agent_.process().err().find(" started: running") != std::string::npos;
        const auto exit_code = agent_.stop();
        ASSERT_TRUE(exit_code.has_value()) << damage;
        const std::string log = agent_.process().err();
        if (*exit_code == 2) {
            EXPECT_THAT(log, HasSubstr(way_back())) << damage;
            ++refused_;
            return;
        }
        EXPECT_EQ(*exit_code, 0) << damage << '\n' << log;
        EXPECT_TRUE(started) << damage << '\n' << log;
        // What was not there, or is there twice, was spoken of.
        EXPECT_TRUE(complains() || all_here()) << damage << '\n' << log;
        const bool began_anew = entities.count(event_id(0)) > 0;
        EXPECT_TRUE(complains() || !began_anew) << damage << '\n' << log;
        ++ran_;
    }

    void expect_that_tools_do_not_crash(const std::string& damage) const {
        const std::string yaml = agent_.file("agent.yaml");
        using Arguments = std::vector<std::string>;
        for (const Arguments& arguments : {Arguments{"buffer", "inspect"}, Arguments{"buffer", "verify"},
                                           Arguments{"buffer", "export"}, Arguments{"positions", "list"}}) {
            Arguments command = arguments;
            command.insert(command.end(), {"-c", yaml});
            const Outcome outcome = run_command(command, agent_.directory());
            EXPECT_THAT(outcome.exit_code, testing::Optional(testing::AnyOf(0, 1, 2)))
                << damage << ": " << arguments[0] << ' ' << arguments[1] << '\n'
                << outcome.err;
        }
    }

    using Damage = std::function<std::string(std::mt19937_64& random, std::uintmax_t size)>;
    void damage_again_and_again(const Damage& damage) {
        make_state();
        std::mt19937_64 random{23};
        for (int round = 0; round < damage_rounds(); ++round) {
            fs::copy_file(agent_.file("whole.mdb"), data(), fs::copy_options::overwrite_existing);
            const std::string what = damage(random, fs::file_size(data()));
            expect_that_tools_do_not_crash(what);
            run_and_judge(what);
        }
        fmt::print("{} refused, {} ran\n", refused_, ran_);
    }
    void overwrite(std::uintmax_t at, const std::string& bytes) const {
        std::fstream out{data(), std::ios::in | std::ios::out | std::ios::binary};
        out.seekp(static_cast<std::streamoff>(at));
        out << bytes;
    }

    InletProcess inlet_;
    AgentProcess agent_;
    int refused_ = 0;
    int ran_ = 0;
};

using DamagedStateLong = DamagedState;

TEST_F(DamagedStateLong, CutAnywhere) {
    damage_again_and_again([&](std::mt19937_64& random, std::uintmax_t size) {
        const std::uintmax_t kept = 1 + random() % (size - 1);
        fs::resize_file(data(), kept);
        return fmt::format("cut at {} of {}", kept, size);
    });
}

TEST_F(DamagedStateLong, WithPagesOfZeros) {
    damage_again_and_again([&](std::mt19937_64& random, std::uintmax_t size) {
        const std::uintmax_t page = random() % (size / 4096);
        overwrite(page * 4096, std::string(4096, '\0'));
        return fmt::format("page {} of {} zeroed", page, size / 4096);
    });
}

TEST_F(DamagedStateLong, WithPagesOfGarbage) {
    damage_again_and_again([&](std::mt19937_64& random, std::uintmax_t size) {
        const std::uintmax_t page = random() % (size / 4096);
        std::string garbage(4096, '\0');
        for (char& byte : garbage) byte = static_cast<char>(random());
        overwrite(page * 4096, garbage);
        return fmt::format("page {} of {} is garbage", page, size / 4096);
    });
}

/// Pages of the tree and first pages of large values, which LMDB believes.
TEST_F(DamagedStateLong, WithOtherBitsWhereItHurts) {
    damage_again_and_again([&](std::mt19937_64& random, std::uintmax_t size) {
        constexpr std::size_t kHeader = 16;
        std::ifstream in{data(), std::ios::binary};
        std::vector<std::uintmax_t> pages;
        for (std::uintmax_t page = 0; page < size / 4096; ++page) {
            std::uint64_t number = 0;
            in.seekg(static_cast<std::streamoff>(page * 4096));
            in.read(reinterpret_cast<char*>(&number), sizeof number);
            if (number == page) pages.push_back(page);
        }
        std::string where;
        for (int i = 0; i < 2; ++i) {
            const std::uintmax_t page = pages[random() % pages.size()];
            const std::uintmax_t at = random() % (i == 0 ? kHeader : 256);
            overwrite(page * 4096 + at, std::string(1, static_cast<char>(random())));
            where += fmt::format(" {}+{}", page, at);
        }
        return "other bytes in pages" + where;
    });
}

TEST_F(DamagedStateLong, WithSomeOtherBits) {
    damage_again_and_again([&](std::mt19937_64& random, std::uintmax_t size) {
        std::string where;
        for (int i = 0; i < 20; ++i) {
            const std::uintmax_t at = random() % size;
            overwrite(at, std::string(1, static_cast<char>(random())));
            where += fmt::format(" {}", at);
        }
        return "other bytes at" + where;
    });
}

TEST_F(DamagedState, ThatIsReadOnlyIsRefused) {
    const SmallDisk disk{agent_.file("state"), 4U << 20U};
    AEP_SKIP_WITHOUT(disk);
    agent_.start(config());
    EXPECT_EQ(agent_.stop(), 0);
    disk.make_read_only();
    agent_.start_quietly(config());
    EXPECT_EQ(agent_.process().wait(), 2);
    EXPECT_THAT(agent_.process().err(), HasSubstr("agent.state_dir " + agent_.file("state")));
    EXPECT_THAT(agent_.process().err(), HasSubstr("Read-only file system"));
    EXPECT_THAT(agent_.process().err(), HasSubstr("set agent.state_dir to a directory that can be written"));
}

/// As nobody, who may read and write everything but what `owned` says.
class OfSomebodyElse : public DamagedState {
  protected:
    static constexpr uid_t kNobody = 65534;

    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
        agent_.start(config());
        ASSERT_EQ(agent_.stop(), 0);
        for (const fs::path& path : {agent_.directory(), fs::path{inlet_.ca_file()}.parent_path()}) {
            give(path);
            for (const auto& entry : fs::recursive_directory_iterator{path}) give(entry.path());
        }
    }
    static void give(const fs::path& path, uid_t owner = kNobody) {
        ASSERT_EQ(::chown(path.c_str(), owner, owner), 0);
    }
    [[nodiscard]] Outcome run_as_nobody() const {
        Process process{{.command = {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                     AEP_AGENT_BINARY, "run", "-c", agent_.file("agent.yaml")},
                         .directory = agent_.directory(),
                         .name = "nobody"}};
        (void)eventually([&] {
            return !process.is_running() || process.err().find(" started: running") != std::string::npos;
        });
        process.signal(SIGTERM);
        const auto exit_code = process.wait();
        return {.exit_code = exit_code, .out = process.out(), .err = process.err()};
    }
};

TEST_F(OfSomebodyElse, IsRefusedWithWhatToDo) {
    const Outcome before = run_as_nobody();
    if (before.exit_code == 127 || before.exit_code == 126)
        GTEST_SKIP() << "nobody may not run the agent here";
    ASSERT_EQ(before.exit_code, 0) << before.err;

    give(data(), 0);
    const Outcome store_is_not_its_own = run_as_nobody();
    EXPECT_EQ(store_is_not_its_own.exit_code, 2);
    EXPECT_THAT(store_is_not_its_own.err, HasSubstr("the store " + store().string()));
    EXPECT_THAT(store_is_not_its_own.err, HasSubstr("Permission denied"));
    EXPECT_THAT(store_is_not_its_own.err, HasSubstr("chown -R"));
    EXPECT_THAT(store_is_not_its_own.err, testing::Not(HasSubstr(".aside")));  // it is a good store
    give(data());

    give(agent_.file("state"), 0);
    fs::permissions(agent_.file("state"), fs::perms::owner_all);
    const Outcome nothing_is = run_as_nobody();
    EXPECT_EQ(nothing_is.exit_code, 2);
    EXPECT_THAT(nothing_is.err, HasSubstr("agent.state_dir " + agent_.file("state")));
    EXPECT_THAT(nothing_is.err, HasSubstr("Permission denied"));
}

}  // namespace
}  // namespace aep::e2e
