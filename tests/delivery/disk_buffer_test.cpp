#include "delivery/disk_buffer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/batch_table.hpp"
#include "store/stored_batch.hpp"

namespace aep::delivery {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using record::Outcome;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::chrono::seconds kSoon{30};

template <class Condition>
bool eventually(Condition condition) {
    const auto end = base::SteadyClock::now() + kSoon;
    while (!condition()) {
        if (base::SteadyClock::now() > end) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

/// A destination that keeps what it gets until it is told what became of it.
class Held final : public record::BatchSink {
  public:
    void submit(record::BatchPtr batch) override {
        const std::lock_guard lock{mutex_};
        batches_.push_back(std::move(batch));
    }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock{mutex_};
        return batches_.size();
    }
    record::BatchPtr take() {
        const std::lock_guard lock{mutex_};
        if (batches_.empty()) return nullptr;
        record::BatchPtr first = std::move(batches_.front());
        batches_.erase(batches_.begin());
        return first;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<record::BatchPtr> batches_;
};

/// A process with a store, a buffer, and a reader of one file that yields numbered records.
class Buffered : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "aep-buffer-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        dir_ = name;
        options_.id = "inlet";
        options_.connections = 2;
        options_.buffer.type = BufferOptions::Type::Disk;
    }
    void TearDown() override {
        crash();
        fs::remove_all(dir_);
    }

    void begin() {
        health_.emplace();
        metrics_.emplace();
        counters_.emplace("web");
        auto store = store::Store::open(dir_, *health_, options_.buffer.max_bytes);
        ASSERT_TRUE(store.has_value()) << store.error().message;
        store_ = std::move(*store);
        auto buffer = DiskBuffer::open(
            options_,
            {.store = *store_,
             .memory = share_,
             .counters_of = [this](const std::string&) -> record::RecordCounters& { return *counters_; },
             .metrics = *metrics_,
             .health = *health_,
             .quarantine = dir_ / "quarantine",
             .window_bytes = std::size_t{1} << 20U});
        ASSERT_TRUE(buffer.has_value()) << buffer.error().message;
        buffer_ = std::move(*buffer);
        auto origin = std::make_shared<record::Origin>();
        origin->source = "web";
        origin->name = "a.json";
        origin->generation = "g";
        origin->is_file = true;
        ledger_ =
            std::make_shared<record::Ledger>(origin, *counters_, position_, [this](const record::Ack& ack) {
                store_->positions().move_to(*ack.origin, ack.position, ack.tail);
            });
        if (position_ == 0) {
            record::FileMark mark;
            mark.source = "web";
            mark.generation = "g";
            ASSERT_TRUE(store_->positions().remember({&mark, 1}));
        }
    }

    /// What was not committed is gone; nothing of the destination's answers reaches the store any more.
    void crash() {
        if (buffer_) buffer_->stop();
        if (store_) store_->close();
        while (held_.take()) {
        }
        buffer_.reset();
        ledger_.reset();
        store_.reset();
    }

    /// A batch of `count` records of 100 bytes and more, each as long in the file as its number of bytes
    /// says.
    void submit(std::uint32_t count, std::size_t bytes = 100) {
        std::vector<std::uint64_t> starts;
        for (std::uint32_t i = 0; i < count; ++i) starts.push_back(position_ + i);
        position_ += count;
        const auto block = ledger_->open_block(starts, position_);
        auto stream = std::make_shared<record::StreamInfo>();
        stream->id = "events";
        auto batch = std::make_unique<record::Batch>(stream, share_.open());
        for (std::uint32_t i = 0; i < count; ++i) {
            std::string text = "{\"n\":" + std::to_string(starts[i]) + ",\"pad\":\"";
            text.append(bytes, 'x') += "\"}";
            std::memcpy(batch->reserve(text.size()), text.data(), text.size());
            batch->append(text.size(), batch->ticket_index({.ledger = ledger_, .block = block}), i);
        }
        batch->seal();
        buffer_->submit(std::move(batch));
    }

    [[nodiscard]] std::uint64_t committed_position() const {
        const auto marks = store_->positions().recall("web");
        return marks.empty() ? 0 : marks[0].position;
    }
    [[nodiscard]] std::uint64_t stored_batches() const {
        std::uint64_t count = 0;
        auto transaction = store_->environment().begin_read();
        EXPECT_TRUE(store::visit_batches(*transaction, "inlet", 0,
                                         [&](std::uint64_t, std::string_view) { return ++count > 0; }));
        return count;
    }
    static std::uint64_t first_number(const record::Batch& batch) {
        return std::stoull(std::string{batch.text_of(batch.messages[0]).substr(5)});
    }
    /// Settles everything that comes until `batches` of them have; the first record of each.
    std::vector<std::uint64_t> deliver(std::size_t batches) {
        std::vector<std::uint64_t> firsts;
        EXPECT_TRUE(eventually([&] {
            if (const record::BatchPtr batch = held_.take()) {
                firsts.push_back(first_number(*batch));
                batch->settle_all(Outcome::Delivered);
            }
            return firsts.size() >= batches;
        }));
        return firsts;
    }

    fs::path dir_;
    DestinationOptions options_;
    std::optional<telemetry::Health> health_;
    std::optional<telemetry::Metrics> metrics_;
    std::optional<record::RecordCounters> counters_;
    record::MemoryBudget budget_{std::size_t{64} << 20U};
    record::MemoryShare& share_ = budget_.add_share("inlet");
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<DiskBuffer> buffer_;
    std::shared_ptr<record::Ledger> ledger_;
    std::uint64_t position_ = 0;
    Held held_;
};

TEST_F(Buffered, MovesThePositionWithTheBatchAndRemovesItWhenItIsDelivered) {
    begin();
    buffer_->start(held_);
    submit(3);
    ASSERT_TRUE(eventually([&] { return committed_position() == 3; }));
    EXPECT_EQ(stored_batches(), 1U);
    EXPECT_EQ(counters_->snapshot().in_flight, 3U);
    EXPECT_EQ(buffer_->records_of("web"), 3U);
    EXPECT_THAT(metrics_->text(), testing::ContainsRegex("aep_agent_buffer_bytes.*inlet.* [1-9]"));

    EXPECT_THAT(deliver(1), ElementsAre(0));
    EXPECT_TRUE(eventually([&] { return stored_batches() == 0; }));
    EXPECT_EQ(counters_->snapshot().delivered, 3U);
    EXPECT_TRUE(counters_->snapshot().balanced());
    EXPECT_TRUE(buffer_->drain(kSoon));
    EXPECT_THAT(metrics_->text(), HasSubstr("aep_agent_buffer_bytes{destination=\"inlet\"} 0"));
}

TEST_F(Buffered, SendsWhatAnEarlierRunLeftOldestFirstAndCountsItAsRecovered) {
    begin();
    for (int i = 0; i < 20; ++i) submit(2);
    buffer_->stop();
    ASSERT_TRUE(buffer_->drain(kSoon));
    crash();

    begin();
    EXPECT_EQ(committed_position(), 40U);
    EXPECT_EQ(counters_->snapshot().recovered, 40U);
    EXPECT_TRUE(counters_->snapshot().balanced());
    buffer_->start(held_);
    submit(2);  // comes behind
    std::vector<std::uint64_t> firsts = deliver(21);
    EXPECT_TRUE(std::ranges::is_sorted(firsts));
    EXPECT_EQ(firsts.back(), 40U);
    EXPECT_TRUE(buffer_->drain(kSoon));
    const auto values = counters_->snapshot();
    EXPECT_EQ(values.delivered, 42U);
    EXPECT_EQ(values.read, 2U);
    EXPECT_EQ(values.in_flight, 0U);
}

TEST_F(Buffered, FindsEveryBatchOfAnEarlierRun) {
    for (const int count : {15, 16, 17, 32, 50}) {
        position_ = 0;
        begin();
        for (int i = 0; i < count; ++i) submit(1, 5'000);
        ASSERT_TRUE(buffer_->drain(kSoon));
        crash();
        begin();
        EXPECT_EQ(counters_->snapshot().recovered, static_cast<std::uint64_t>(count));
        buffer_->start(held_);
        EXPECT_THAT(deliver(static_cast<std::size_t>(count)), testing::SizeIs(count));
        EXPECT_TRUE(buffer_->drain(kSoon));
        EXPECT_EQ(stored_batches(), 0U);
        crash();
        fs::remove_all(dir_ / "store");
    }
}

TEST_F(Buffered, HoldsOnlyAWindowInMemory) {
    begin();
    buffer_->start(held_);
    for (int i = 0; i < 30; ++i) submit(10, 10'000);
    ASSERT_TRUE(eventually([&] { return committed_position() == 300; }));
    EXPECT_LE(held_.size(), 4U);  // connections + 2
    EXPECT_LE(share_.used(), 4U << 20U);
    EXPECT_EQ(deliver(30).size(), 30U);
    EXPECT_TRUE(buffer_->drain(kSoon));
    EXPECT_EQ(share_.used(), 0U);
}

TEST_F(Buffered, KnowsWhereARefusedMessageCameFrom) {
    begin();
    submit(3);
    buffer_->stop();
    ASSERT_TRUE(buffer_->drain(kSoon));
    crash();
    begin();
    buffer_->start(held_);
    ASSERT_TRUE(eventually([&] { return held_.size() == 1; }));
    const record::BatchPtr batch = held_.take();
    const record::Message& second = batch->messages[1];
    EXPECT_EQ(batch->position_of(second), 1U);
    EXPECT_EQ(batch->tickets[second.ticket].ledger->origin()->name, "a.json");
    EXPECT_THAT(std::string{batch->entity_of(second)}, HasSubstr("{\"n\":1,"));
    batch->settle(batch->messages[0], Outcome::Delivered);
    batch->settle(second, Outcome::DeadLettered);
    EXPECT_EQ(stored_batches(), 1U);
    batch->settle(batch->messages[2], Outcome::Delivered);
    EXPECT_TRUE(eventually([&] { return stored_batches() == 0; }));
    EXPECT_EQ(counters_->snapshot().dead_lettered, 1U);
}

TEST_F(Buffered, WhenFullWaitsForRoom) {
    options_.buffer.max_bytes = 250'000;
    begin();
    buffer_->start(held_);
    for (int i = 0; i < 6; ++i) submit(10, 10'000);
    ASSERT_TRUE(
        eventually([&] { return health_->report().find("buffer of inlet: full") != std::string::npos; }));
    EXPECT_TRUE(eventually([&] { return committed_position() == 20; }));
    EXPECT_EQ(stored_batches(), 2U);
    EXPECT_THAT(deliver(6), ElementsAre(0, 10, 20, 30, 40, 50));
    EXPECT_TRUE(buffer_->drain(kSoon));
    EXPECT_EQ(committed_position(), 60U);
    EXPECT_THAT(health_->report(), Not(HasSubstr("full")));
}

TEST_F(Buffered, WhenFullDropsTheNewestIfAskedTo) {
    options_.buffer.max_bytes = 250'000;
    options_.buffer.when_full = BufferOptions::WhenFull::DropNewest;
    begin();
    buffer_->start(held_);
    for (int i = 0; i < 6; ++i) submit(10, 10'000);
    ASSERT_TRUE(eventually([&] { return committed_position() == 60; }));
    EXPECT_EQ(counters_->snapshot().dropped, 40U);
    EXPECT_THAT(deliver(2), ElementsAre(0, 10));
    EXPECT_TRUE(buffer_->drain(kSoon));
    EXPECT_TRUE(counters_->snapshot().balanced());
}

TEST_F(Buffered, SetsADamagedBatchAsideAndGoesOn) {
    begin();
    for (int i = 0; i < 3; ++i) submit(2, 2'000);
    buffer_->stop();
    ASSERT_TRUE(buffer_->drain(kSoon));
    store_->close();
    {
        auto transaction = store_->environment().begin_write();
        const std::string key = store::batch_key("inlet", 2);
        std::string value{**transaction->get(store::Table::Batches, key)};
        value[value.size() - 100] = '!';
        ASSERT_TRUE(transaction->put(store::Table::Batches, key, value));
        ASSERT_TRUE(transaction->commit());
    }
    crash();
    testing::internal::CaptureStderr();
    begin();
    buffer_->start(held_);
    EXPECT_THAT(deliver(2), ElementsAre(0, 4));
    EXPECT_TRUE(buffer_->drain(kSoon));
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_THAT(log, HasSubstr("buffer_damaged"));
    EXPECT_THAT(log, HasSubstr("records=2"));
    EXPECT_EQ(counters_->snapshot().dropped, 2U);
    EXPECT_EQ(counters_->snapshot().delivered, 4U);
    EXPECT_TRUE(counters_->snapshot().balanced());
    EXPECT_EQ(std::distance(fs::directory_iterator{dir_ / "quarantine"}, {}), 1);
    EXPECT_EQ(stored_batches(), 0U);
}

TEST_F(Buffered, CompressesWhereAskedTo) {
    options_.buffer.compression = BufferOptions::Compression::Zstd;
    begin();
    submit(10, 10'000);
    buffer_->stop();
    ASSERT_TRUE(buffer_->drain(kSoon));
    std::uint64_t bytes = 0;
    {
        auto transaction = store_->environment().begin_read();
        ASSERT_TRUE(
            store::visit_batches(*transaction, "inlet", 0, [&](std::uint64_t, std::string_view value) {
                bytes += value.size();
                return true;
            }));
    }
    EXPECT_LT(bytes, 10'000U);
    crash();
    begin();
    buffer_->start(held_);
    EXPECT_THAT(deliver(1), ElementsAre(0));
}

}  // namespace
}  // namespace aep::delivery
