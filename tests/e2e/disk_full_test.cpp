#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"
#include "harness/sender.hpp"
#include "harness/small_disk.hpp"

// What the agent writes lies on a disk that is soon full: nothing is lost, and it goes on when there is room.
namespace aep::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::size_t kMiB = std::size_t{1} << 20U;

class DiskFull : public testing::Test {
  protected:
    static constexpr std::uint64_t kOfFile = 24'000;
    static constexpr std::uint64_t kOfSocket = 6'000;
    static constexpr std::uint64_t kFirstOfSocket = 1'000'000;
    static constexpr std::uint64_t kBroken = 200;
    static constexpr std::size_t kRecordBytes = 1'000;

    [[nodiscard]] AgentConfig config() const {
        return AgentConfig::to(inlet_,
                               "buffer: {type: disk, max_bytes: 64MiB}, batch: {linger: 20ms}, retry: "
                               "{initial: 20ms, max: 200ms}")
            .agent("memory_limit: 16MiB")
            .file_source("app", file());
    }
    [[nodiscard]] AgentConfig with_socket() const {
        return config().source("sock", "type: tcp, listen: '127.0.0.1:0'");
    }
    [[nodiscard]] std::string file() const { return agent_.file("events.ndjson"); }

    /// 24 MB of events, and among them what goes to the dead letters.
    void write_file(const std::string& between = "no record\n") const {
        constexpr std::uint64_t kStep = kOfFile / kBroken;
        for (std::uint64_t i = 0; i < kOfFile; i += kStep) {
            append(file(), event_lines(i, kStep, kRecordBytes) + between);
        }
    }
    /// The application waits whenever the agent does.
    [[nodiscard]] std::future<bool> write_socket() const {
        return std::async(std::launch::async, [address = agent_.listening("sock")] {
            return Sender::tcp(address).send(event_lines(kFirstOfSocket, kOfSocket, kRecordBytes));
        });
    }
    [[nodiscard]] bool says_that_the_disk_is_full() const {
        return eventually(
            [&] { return agent_.readiness().body.find("state_dir: disk full") != std::string::npos; });
    }
    void expect_intact() const {
        const Outcome verified =
            run_command({"buffer", "verify", "-c", agent_.file("agent.yaml")}, agent_.directory());
        EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
    }
    void expect_all(const std::vector<std::string>& ids, std::uint64_t letters = kBroken) {
        EXPECT_TRUE(eventually(
            [&] {
                entities_.read();
                return entities_.distinct() >= ids.size();
            },
            seconds{60}))
            << entities_.distinct() << " of " << ids.size() << '\n'
            << agent_.process().err();
        EXPECT_TRUE(eventually([&] { return agent_.metrics().records("in_flight") == 0; }));
        EXPECT_EQ(entities_.distinct(), ids.size());
        EXPECT_TRUE(entities_.missing(ids).empty());
        EXPECT_EQ(agent_.metrics().records("dead_lettered"), letters);
        EXPECT_EQ(agent_.dead_letters().size(), letters);
        EXPECT_TRUE(agent_.metrics().adds_up("app"));
        EXPECT_TRUE(eventually([&] { return agent_.readiness().status == 200; })) << agent_.readiness().body;
    }
    [[nodiscard]] static std::vector<std::string> all_ids() {
        std::vector<std::string> ids = event_ids(0, kOfFile);
        for (std::string& id : event_ids(kFirstOfSocket, kOfSocket)) ids.push_back(std::move(id));
        return ids;
    }

    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
};

TEST_F(DiskFull, IsWaitedOutWithBoundedMemoryAndLosesNothing) {
    const SmallDisk disk{agent_.file("state"), 4 * kMiB};
    AEP_SKIP_WITHOUT(disk);
    inlet_.kill();
    agent_.start(with_socket());
    write_file();
    std::future<bool> sent = write_socket();

    ASSERT_TRUE(says_that_the_disk_is_full()) << agent_.process().err();
    EXPECT_EQ(agent_.readiness().status, 503);
    EXPECT_THAT(agent_.process().err(), HasSubstr("error store_commit_failed: "));
    EXPECT_THAT(agent_.process().err(), HasSubstr("No space left on device"));
    EXPECT_THAT(agent_.process().err(), HasSubstr("code=28"));
    EXPECT_THAT(agent_.process().err(), testing::Not(HasSubstr("Input/output error")));
    // It stays like that for as long as it takes: the sources wait.
    const auto read = [&] { return agent_.metrics().records("read"); };
    double before = -1;
    ASSERT_TRUE(
        eventually([&] { return std::exchange(before, read()) == read(); }, kSoon, milliseconds{500}));
    EXPECT_LT(before, kOfFile + kOfSocket);
    EXPECT_TRUE(agent_.metrics().adds_up("app"));
    EXPECT_TRUE(agent_.metrics().adds_up("sock"));
    expect_intact();

    disk.resize(128 * kMiB);
    inlet_.restart();

    expect_all(all_ids());
    EXPECT_TRUE(sent.get());
    EXPECT_EQ(entities_.duplicates(), 0U);
    EXPECT_TRUE(agent_.metrics().adds_up("sock"));
    EXPECT_THAT(agent_.process().err(), HasSubstr("info store_writable: "));
    const std::size_t peak = agent_.process().peak_memory();
    fmt::print("peak RSS {:.1f} MiB with memory_limit 16 MiB\n", static_cast<double>(peak) / kMiB);
    EXPECT_LE(peak, (16 + 16) * kMiB);
    EXPECT_EQ(agent_.stop(), 0);
    expect_intact();
}

TEST_F(DiskFull, OfTheBufferItselfEndsWithTheOutage) {
    const SmallDisk disk{agent_.file("state"), 16 * kMiB};
    AEP_SKIP_WITHOUT(disk);
    inlet_.kill();
    agent_.start(with_socket());
    write_file("");
    std::future<bool> sent = write_socket();
    ASSERT_TRUE(says_that_the_disk_is_full()) << agent_.process().err();

    inlet_.restart();  // nobody makes room but the agent, by delivering

    expect_all(all_ids(), 0);
    EXPECT_TRUE(sent.get());
    EXPECT_EQ(entities_.duplicates(), 0U);
    EXPECT_TRUE(agent_.metrics().adds_up("sock"));
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(DiskFull, SurvivesKillsAndStarts) {
    const SmallDisk disk{agent_.file("state"), 4 * kMiB};
    AEP_SKIP_WITHOUT(disk);
    inlet_.kill();
    write_file();
    double in_flight = 0;
    for (int round = 0; round < 3; ++round) {
        agent_.start(config());
        ASSERT_TRUE(says_that_the_disk_is_full()) << agent_.process().err();
        EXPECT_TRUE(agent_.metrics().adds_up("app"));
        in_flight += agent_.metrics().records("in_flight");
        agent_.process().kill();
        expect_intact();
    }
    disk.resize(128 * kMiB);
    agent_.start(config());
    inlet_.restart();
    EXPECT_TRUE(eventually(
        [&] {
            entities_.read();
            return entities_.distinct() == kOfFile;
        },
        seconds{60}))
        << entities_.distinct();
    EXPECT_TRUE(eventually([&] { return agent_.metrics().records("in_flight") == 0; }));
    EXPECT_TRUE(entities_.missing(event_ids(0, kOfFile)).empty());
    // A batch may be stored before all that comes before it in the file is settled.
    EXPECT_LE(entities_.duplicates(), in_flight);
    EXPECT_EQ(agent_.stop(), 0);
    EXPECT_GE(agent_.dead_letters().size(), kBroken);  // synced before the position is: again after a kill
}

TEST_F(DiskFull, OfPositionsAloneStopsOnlyWhatCannotBeRemembered) {
    const SmallDisk disk{agent_.file("state"), 4 * kMiB};
    AEP_SKIP_WITHOUT(disk);
    const AgentConfig many = AgentConfig::to(inlet_).file_source("app", agent_.file("*.ndjson"));
    append(file(), event_lines(0, 10));
    agent_.start(many);
    ASSERT_TRUE(eventually([&] { return entities_.read() == 10; }));
    const std::string ballast = agent_.file("state/ballast");
    {
        std::ofstream out{ballast};
        const std::string page(4096, 'x');
        while (out.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
        }
    }
    // So many files need more pages for their positions than the store has.
    constexpr std::uint64_t kFiles = 300;
    for (std::uint64_t i = 1; i <= kFiles; ++i) {
        append(agent_.file(fmt::format("{}.ndjson", i)), event_lines(10 * i, 10));
    }
    ASSERT_TRUE(eventually([&] {
        return agent_.process().err().find("error positions_not_saved: ") != std::string::npos;
    })) << agent_.process().err();
    EXPECT_THAT(agent_.readiness().body, HasSubstr("positions of new files: disk full"));
    EXPECT_EQ(agent_.readiness().status, 503) << agent_.process().err();
    EXPECT_TRUE(agent_.metrics().adds_up("app"));

    fs::remove(ballast);

    EXPECT_TRUE(eventually([&] { return entities_.read() >= 10 * (kFiles + 1); })) << entities_.size() << '\n'
                                                                                   << agent_.process().err();
    EXPECT_TRUE(entities_.missing(event_ids(0, 10 * (kFiles + 1))).empty());
    EXPECT_TRUE(eventually([&] { return agent_.readiness().status == 200; })) << agent_.readiness().body;
    EXPECT_EQ(entities_.duplicates(), 0U);
    EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(DiskFull, OfDeadLettersHoldsThemUntilSomebodyMakesRoom) {
    constexpr std::uint64_t kLetters = 6'000;
    std::string lines;
    for (std::uint64_t i = 0; i < kLetters; ++i) lines += "no record " + std::string(200, 'x') + "\n";
    append(file(), lines + event_lines(0, 10));
    agent_.start(AgentConfig::to(inlet_)
                     .agent("memory_limit: 8MiB")
                     .section("dead_letter: {max_bytes: 1MiB, when_full: hold}")
                     .file_source("app", file(), "events", "codec: ndjson"));
    ASSERT_TRUE(eventually([&] {
        return agent_.readiness().body.find("dead_letter: full") != std::string::npos;
    })) << agent_.process().err();
    EXPECT_THAT(agent_.process().err(), HasSubstr("error dead_letter_full: "));
    EXPECT_LT(agent_.metrics().records("dead_lettered"), kLetters);
    EXPECT_LE(agent_.metrics().sum("aep_agent_dead_letter_bytes"), kMiB);
    EXPECT_TRUE(agent_.metrics().adds_up("app"));

    std::uint64_t purged = 0;
    const auto purge = [&] {
        const Outcome done = run_command(
            {"dead-letter", "purge", "--all", "--yes", "-c", agent_.file("agent.yaml")}, agent_.directory());
        const std::size_t at = done.err.find("removed ");
        if (at != std::string::npos) purged += std::stoull(done.err.substr(at + 8));
    };
    EXPECT_TRUE(eventually(
        [&] {
            purge();
            return agent_.metrics().records("dead_lettered") == kLetters;
        },
        seconds{60}, milliseconds{100}))
        << agent_.process().err();
    EXPECT_TRUE(eventually([&] { return entities_.read() == 10; }));
    EXPECT_TRUE(eventually([&] { return agent_.readiness().status == 200; })) << agent_.readiness().body;
    EXPECT_EQ(agent_.stop(), 0);
    EXPECT_EQ(purged + agent_.dead_letters().size(), kLetters);
}

}  // namespace
}  // namespace aep::e2e
