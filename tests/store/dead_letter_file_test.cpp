#include "store/dead_letter_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>
#include <boost/json.hpp>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "store/support.hpp"

namespace aep::store {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class DeadLetterFileTest : public testing::Test {
  protected:
    void open(std::uint64_t max_bytes = std::uint64_t{1} << 30U) {
        auto opened = DeadLetterFile::open({.dir = dir(), .max_bytes = max_bytes}, metrics_, health_);
        ASSERT_TRUE(opened) << opened.error().message;
        writer_ = std::move(*opened);
    }

    [[nodiscard]] fs::path dir() const { return temp_.path() / "dead-letter"; }

    // A letter for the next record of the reader, which is 10 bytes long.
    record::DeadLetter next_letter(std::size_t content_size = 20) {
        const std::uint64_t start = 10 * made_++;
        record::DeadLetter letter;
        letter.code = "invalid";
        letter.stream = "events";
        letter.origin = ledger_->origin();
        letter.position = start;
        letter.content = std::string(content_size, 'x');
        letter.ticket = {ledger_, ledger_->open_block({start}, start + 10)};
        letter.lease = share_.open();
        letter.lease.resize(content_size);
        return letter;
    }

    static bool wait_until(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(1ms);
        }
        return true;
    }

    void expect_each_once(std::uint64_t letters) {
        const auto lines = lines_in(dir());
        ASSERT_EQ(lines.size(), letters);
        for (std::uint64_t i = 0; i < letters; ++i) {
            EXPECT_EQ(boost::json::parse(lines[i]).at("position").to_number<std::uint64_t>(), 10 * i);
        }
    }

    TempDir temp_;
    telemetry::Metrics metrics_;
    telemetry::Health health_;
    record::MemoryBudget budget_{std::size_t{1} << 30U};
    record::MemoryShare& share_ = budget_.add_share("inlet");
    record::RecordCounters counters_{"web"};
    std::function<void(const record::Ack&)> on_ack_;
    std::shared_ptr<record::Ledger> ledger_ = std::make_shared<record::Ledger>(
        std::make_shared<record::Origin>(), counters_, 0, [this](const auto& ack) {
            if (on_ack_) on_ack_(ack);
        });
    std::uint64_t made_ = 0;
    std::unique_ptr<DeadLetterFile> writer_;
};

TEST_F(DeadLetterFileTest, WritesAndSettles) {
    open();
    for (int i = 0; i < 3; ++i) writer_->put(next_letter());
    ASSERT_TRUE(writer_->drain(20s));
    expect_each_once(3);
    EXPECT_EQ(counters_.snapshot().dead_lettered, 3U);
    EXPECT_EQ(ledger_->position(), 30U);
    EXPECT_EQ(budget_.used(), 0U);
    EXPECT_TRUE(writer_->drain(0ms));
}

TEST_F(DeadLetterFileTest, KeepsTheOrderAcrossManyGroups) {
    open();
    for (int i = 0; i < 300; ++i) writer_->put(next_letter(i % 10 == 0 ? 100'000 : 20));
    ASSERT_TRUE(writer_->drain(60s));
    expect_each_once(300);
}

TEST_F(DeadLetterFileTest, SettlesOnlyWhatIsInAFile) {
    std::atomic<int> too_early = 0;
    on_ack_ = [&](const record::Ack& ack) {
        if (lines_in(dir()).size() * 10 < ack.position) ++too_early;
    };
    open();
    for (int i = 0; i < 50; ++i) writer_->put(next_letter());
    ASSERT_TRUE(writer_->drain(20s));
    EXPECT_EQ(too_early, 0);
}

TEST_F(DeadLetterFileTest, StampsTheTimeWhereThereIsNone) {
    open();
    writer_->put(next_letter());
    ASSERT_TRUE(writer_->drain(20s));
    EXPECT_THAT(lines_in(dir()), ElementsAre(testing::Not(HasSubstr("\"time\":\"1970"))));
}

TEST_F(DeadLetterFileTest, MakesAPrivateDirectory) {
    open();
    struct ::stat status {};
    ASSERT_EQ(::stat(dir().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(DeadLetterFileTest, RefusesADirectoryThatIsNone) {
    std::ofstream{dir()} << "a file";
    const auto opened = DeadLetterFile::open({.dir = dir()}, metrics_, health_);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message,
                HasSubstr("dead_letter.dir: " + dir().string() + " is not a directory"));
}

TEST_F(DeadLetterFileTest, RefusesADirectoryThatCannotBeMade) {
    std::ofstream{temp_.path() / "file"} << "x";
    const auto opened = DeadLetterFile::open({.dir = temp_.path() / "file" / "dir"}, metrics_, health_);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("dead_letter.dir"));
}

TEST_F(DeadLetterFileTest, HoldsWhatAFullDiskRefuses) {
    health_.set_running(true);
    open();
    {
        const FileSizeLimit disk{2000};
        for (int i = 0; i < 100; ++i) writer_->put(next_letter(100));
        ASSERT_TRUE(wait_until([&] { return !health_.ready(); }));
        EXPECT_THAT(health_.report(), HasSubstr("dead_letter: "));
        EXPECT_FALSE(writer_->drain(10ms));
        const auto settled = counters_.snapshot().dead_lettered;
        EXPECT_LT(settled, 100U);
        EXPECT_GE(lines_in(dir()).size(), settled);
        EXPECT_GT(budget_.used(), 0U);
    }
    ASSERT_TRUE(writer_->drain(20s));
    expect_each_once(100);
    EXPECT_TRUE(wait_until([&] { return health_.ready(); }));
    EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(DeadLetterFileTest, SaysThatTheDiskIsFullAndGoesOnWhenItIsNot) {
    health_.set_running(true);
    fs::create_directory(dir());
    if (::mount("none", dir().c_str(), "tmpfs", 0, "size=64k") != 0) GTEST_SKIP() << "may not mount a tmpfs";
    const fs::path ballast = dir() / "ballast-0";
    std::ofstream{ballast} << std::string(30'000, 'x');
    open();
    for (int i = 0; i < 50; ++i) writer_->put(next_letter(1000));
    const bool held = wait_until([&] { return health_.report() == "dead_letter: disk full\n"; });
    EXPECT_TRUE(held) << health_.report();
    EXPECT_GT(ledger_->in_flight(), 0U);
    fs::remove(ballast);
    const bool remounted = ::mount("none", dir().c_str(), "tmpfs", MS_REMOUNT, "size=1m") == 0;
    EXPECT_TRUE(remounted && writer_->drain(20s));
    expect_each_once(50);
    writer_.reset();
    EXPECT_EQ(::umount2(dir().c_str(), MNT_DETACH), 0);
}

TEST_F(DeadLetterFileTest, HoldsWhatIsAboveItsBudgetUntilSomeoneMakesRoom) {
    health_.set_running(true);
    open(2000);
    testing::internal::CaptureStderr();
    for (int i = 0; i < 20; ++i) writer_->put(next_letter(100));
    ASSERT_TRUE(wait_until([&] { return !health_.ready(); }));
    EXPECT_EQ(health_.report(), "dead_letter: full\n");
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("error dead_letter_full: "));
    EXPECT_FALSE(writer_->drain(10ms));
    std::uint64_t kept = 0;
    while (!writer_->drain(0ms)) {  // an operator who purges whenever it is full
        const std::uint64_t settled_before = counters_.snapshot().dead_lettered;
        for (const fs::path& file : files_in(dir())) {
            EXPECT_LE(fs::file_size(file), 2000U);
            kept += lines_of(file).size();
            fs::remove(file);
        }
        EXPECT_EQ(kept, settled_before);
        ASSERT_TRUE(wait_until([&] {
            const std::uint64_t settled = counters_.snapshot().dead_lettered;
            return settled > settled_before && settled == kept + lines_in(dir()).size();
        }));
    }
    EXPECT_EQ(kept + lines_in(dir()).size(), 20U);
    EXPECT_EQ(counters_.snapshot().dead_lettered, 20U);
}

TEST_F(DeadLetterFileTest, ShowsTheBytesOfAllFiles) {
    fs::create_directory(dir());
    std::ofstream{dir() / "dead-letter-20260101T000000Z-1.ndjson"} << std::string(90, 'x') << '\n';
    open();
    EXPECT_THAT(metrics_.text(), HasSubstr("\naep_agent_dead_letter_bytes 91\n"));
    writer_->put(next_letter());
    ASSERT_TRUE(writer_->drain(20s));
    const auto total = std::to_string(91 + fs::file_size(files_in(dir())[1]));
    EXPECT_TRUE(wait_until([&] {
        return metrics_.text().find("\naep_agent_dead_letter_bytes " + total + "\n") != std::string::npos;
    }));
}

TEST_F(DeadLetterFileTest, LeavesHeldLettersUnsettledWhenItStops) {
    open(10);
    writer_->put(next_letter(100));
    writer_->put(next_letter(100));
    ASSERT_TRUE(wait_until([&] { return health_.report().find("dead_letter: full") != std::string::npos; }));
    writer_.reset();
    EXPECT_EQ(ledger_->in_flight(), 2U);
    EXPECT_EQ(ledger_->position(), 0U);
    EXPECT_EQ(budget_.used(), 0U);
    EXPECT_THAT(lines_in(dir()), SizeIs(0));
}

TEST_F(DeadLetterFileTest, TakesLettersFromManyThreads) {
    open();
    std::vector<record::DeadLetter> letters;
    for (int i = 0; i < 400; ++i) letters.push_back(next_letter());
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (std::size_t i = t; i < letters.size(); i += 4) writer_->put(std::move(letters[i]));
            });
        }
    }
    ASSERT_TRUE(writer_->drain(20s));
    EXPECT_THAT(lines_in(dir()), SizeIs(400));
    EXPECT_EQ(ledger_->position(), 4000U);
    EXPECT_TRUE(counters_.snapshot().balanced());
}

TEST_F(DeadLetterFileTest, WritesASingleFileOnlyWhenALetterComes) {
    const fs::path file = temp_.path() / "rejected-1.ndjson";
    writer_ = DeadLetterFile::single(file, metrics_, health_);
    EXPECT_TRUE(writer_->drain(0ms));
    EXPECT_FALSE(fs::exists(file));
    writer_->put(next_letter());
    writer_->put(next_letter());
    ASSERT_TRUE(writer_->drain(20s));
    EXPECT_THAT(lines_of(file), SizeIs(2));
}

}  // namespace
}  // namespace aep::store
