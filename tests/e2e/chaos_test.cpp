#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "harness/agent_process.hpp"
#include "harness/crash_rounds.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"
#include "harness/sender.hpp"

// `kill -9` at any moment with everything at once: a file that is renamed, one that is copied and truncated,
// a socket, a disk buffer, and an inlet that comes and goes.
namespace aep::e2e {
namespace {

namespace fs = std::filesystem;

/// AEP_CRASH_ROUNDS: how often the agent is killed; the long form is 50.
int rounds_wanted() {
    const char* given = std::getenv("AEP_CRASH_ROUNDS");
    return given != nullptr ? std::atoi(given) : 12;
}

constexpr milliseconds kLinger{20};
constexpr milliseconds kGather{5};
constexpr milliseconds kCommitEvery{100};
/// For what takes time by itself on a busy machine: waking up, reading, the commit's own writing and syncing.
constexpr milliseconds kMargin{1'000};
/// A record that was sent to the socket so long before the kill is on disk. What was sent later may be lost
/// with the process, as the design says of sockets.
constexpr milliseconds kSafeAfter = kGather + kLinger + kCommitEvery + kMargin;

/// So long after its start the agent knows each file, and so long after a copy was made and the original
/// truncated what became of what.
constexpr milliseconds kCopySeenAfter{1'000};

constexpr std::uint64_t kConnections = 2;
constexpr std::uint64_t kBatchMessages = 200;
constexpr const char* kDestination =
    "buffer: {type: disk, max_bytes: 256MiB}, connections: 2, batch: {max_messages: 200, linger: 20ms}, "
    "retry: {initial: 20ms, max: 200ms}, timeout: {connect: 2s, request: 5s}";

class ChaosLong : public testing::Test {
  protected:
    static constexpr std::uint64_t kFirstCopied = 100'000'000;
    static constexpr std::uint64_t kFirstSent = 200'000'000;
    static constexpr std::uint64_t kAtOnce = 5;
    static constexpr std::uint64_t kRotateEvery = 1'000;

    /// What the applications do in one go.
    void applications_write() {
        append(renamed(), anonymous_lines(in_renamed_, kAtOnce));
        in_renamed_ += kAtOnce;
        if (in_renamed_ % kRotateEvery == 0) fs::rename(renamed(), renamed() + next_number());
        append(copied(), anonymous_lines(kFirstCopied + in_copied_, kAtOnce));
        in_copied_ += kAtOnce;
        if (in_copied_ % kRotateEvery == 0) {
            fs::copy_file(copied(), copied() + next_number());
            fs::resize_file(copied(), 0);
            copies_.emplace_back(Clock::now(), kFirstCopied + in_copied_);
        }
        ASSERT_TRUE(client_->send(anonymous_lines(kFirstSent + sent_, kAtOnce)));
        for (std::uint64_t i = 0; i < kAtOnce; ++i) unsafe_.emplace_back(Clock::now(), sent_++);
    }
    [[nodiscard]] std::string renamed() const { return agent_.file("renamed.ndjson"); }
    [[nodiscard]] std::string copied() const { return agent_.file("copied.ndjson"); }
    [[nodiscard]] std::string next_number() { return "." + std::to_string(++rotations_); }

    void inlet_comes_and_goes() {
        if (random_() % 400 != 0) return;
        if (inlet_.process().is_running()) {
            inlet_.kill();
            may_repeat_ += kConnections * kBatchMessages;  // accepted, and the answer got lost
        } else {
            inlet_.restart();
        }
    }

    void expect_that_the_counters_add_up() {
        const MetricsPage page = agent_.metrics();
        for (const char* source : {"renamed", "copied", "sock"}) {
            EXPECT_TRUE(page.adds_up(source)) << source << '\n' << agent_.metrics_text();
        }
        EXPECT_EQ(page.sum("aep_agent_source_lost_bytes_total"), 0);
        EXPECT_EQ(page.records("recovered"), in_buffer_);
        in_flight_ += page.records("in_flight");
    }

    /// What the kill left behind: it comes again, and nothing else may.
    void take_stock() {
        for (const auto& [when, number] : unsafe_) {
            if (when + kSafeAfter <= killed_at_) must_arrive_.insert(number);
        }
        unsafe_.clear();
        // Of a copy that the agent could not see made and truncated before it died it knows nothing: it is
        // read from its beginning (REFERENCE.md, `copytruncate`).
        for (const auto& [when, end] : copies_) {
            if (when >= started_at_ + kCopySeenAfter && when + kCopySeenAfter <= killed_at_) continue;
            for (std::uint64_t number = end - kRotateEvery; number < end; ++number) other_id_.insert(number);
            may_repeat_ += kRotateEvery;
        }
        copies_.clear();
        std::uint64_t settled = 0;
        for (const Position& one : positions_of(agent_)) settled += one.position;
        ASSERT_EQ(settled % line_size_, 0U);
        may_repeat_ += in_renamed_ + in_copied_ - settled / line_size_;
        in_buffer_ = static_cast<double>(messages_in_buffer());
        may_repeat_ += messages_in_buffer();
    }
    [[nodiscard]] std::uint64_t messages_in_buffer() const {
        const Outcome inspected =
            run_command({"buffer", "inspect", "-c", agent_.file("agent.yaml")}, agent_.directory());
        EXPECT_EQ(inspected.exit_code, 0) << inspected.err;
        const std::size_t at = inspected.out.find(" batches, ");
        return at == std::string::npos ? 0 : std::stoull(inspected.out.substr(at + 10));
    }

    const std::size_t line_size_ = anonymous_lines(0, 1).size();
    InletProcess inlet_;
    EntityLog entities_{inlet_.entities_file()};
    AgentProcess agent_;
    std::unique_ptr<Sender> client_;
    std::mt19937_64 random_{17};

    std::uint64_t in_renamed_ = 0;
    std::uint64_t in_copied_ = 0;
    std::uint64_t sent_ = 0;
    int rotations_ = 0;
    std::vector<std::pair<Clock::time_point, std::uint64_t>> unsafe_;  ///< sent in this round
    std::vector<std::pair<Clock::time_point, std::uint64_t>>
        copies_;                        ///< made in this round, with their ends
    std::set<std::uint64_t> other_id_;  ///< may come under another `_id`
    Clock::time_point started_at_;
    Clock::time_point killed_at_;
    std::set<std::uint64_t> must_arrive_;  ///< of the socket
    std::uint64_t may_repeat_ = 0;
    double in_flight_ = 0;  ///< at all kills
    double in_buffer_ = 0;  ///< records that the last kill left there
};

TEST_F(ChaosLong, LosesNothingAndRepeatsOnlyWhatWasInFlight) {
    const AgentConfig config = AgentConfig::to(inlet_, kDestination)
                                   .file_source("renamed", renamed() + "*")
                                   .file_source("copied", copied() + "*")
                                   .source("sock", "type: tcp, listen: '127.0.0.1:0'");
    CrashRounds rounds{
        agent_, config, {.shortest = milliseconds{200}, .longest = milliseconds{2'500}, .seed = 5}};
    rounds.run(rounds_wanted(), {.meanwhile =
                                     [&] {
                                         applications_write();
                                         inlet_comes_and_goes();
                                     },
                                 .after_kill = [&] { take_stock(); },
                                 .after_start =
                                     [&] {
                                         client_ =
                                             std::make_unique<Sender>(Sender::tcp(agent_.listening("sock")));
                                         started_at_ = Clock::now();
                                     },
                                 .before_kill =
                                     [&] {
                                         expect_that_the_counters_add_up();
                                         killed_at_ = Clock::now();
                                     }});
    if (!inlet_.process().is_running()) inlet_.restart();
    agent_.start(config);

    const std::uint64_t of_files = in_renamed_ + in_copied_;
    EXPECT_TRUE(eventually(
        [&] {
            return agent_.metrics().records("in_flight") == 0 &&
                   agent_.metrics().sum("aep_agent_source_lag_bytes") == 0;
        },
        seconds{60}));
    expect_that_the_counters_add_up();
    EXPECT_EQ(agent_.stop(), 0);
    entities_.read();

    const auto arrived = ids_by_number(inlet_.entities_file());
    const auto count_missing = [&](std::uint64_t first, std::uint64_t count) {
        std::uint64_t missing = 0;
        for (std::uint64_t i = first; i < first + count; ++i) missing += arrived.contains(i) ? 0 : 1;
        return missing;
    };
    EXPECT_EQ(count_missing(0, in_renamed_), 0U);
    EXPECT_EQ(count_missing(kFirstCopied, in_copied_), 0U);
    std::uint64_t missing_of_socket = 0;
    for (const std::uint64_t number : must_arrive_)
        missing_of_socket += arrived.contains(kFirstSent + number) ? 0 : 1;
    EXPECT_EQ(missing_of_socket, 0U);
    EXPECT_GT(must_arrive_.size(), 0U);
    std::uint64_t renamed_twice = 0;  // came with another `_id` the second time
    for (const auto& [number, ids] : arrived) {
        if (ids.size() > 1 && !other_id_.contains(number)) ++renamed_twice;
    }
    EXPECT_EQ(renamed_twice, 0U);
    EXPECT_LE(entities_.duplicates(), may_repeat_);
    fmt::print(
        "{} kills, {} rotations: {} records of files, {} sent to the socket of which {} had to arrive; "
        "missing "
        "{}, duplicates {} of at most {}, in flight at the kills {:.0f}\n",
        rounds_wanted(), rotations_, of_files, sent_, must_arrive_.size(),
        count_missing(0, in_renamed_) + count_missing(kFirstCopied, in_copied_) + missing_of_socket,
        entities_.duplicates(), may_repeat_, in_flight_);
}

}  // namespace
}  // namespace aep::e2e
