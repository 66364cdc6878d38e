#include "pipeline/pipeline.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/batcher.hpp"
#include "pipeline/junction.hpp"
#include "record/memory_budget.hpp"

namespace aep::pipeline {
namespace {

using record::Outcome;

/// Keeps what is submitted; settles it when told.
class FakeSink : public record::BatchSink {
  public:
    void submit(record::BatchPtr batch) override {
        const std::lock_guard lock{mutex_};
        batches_.push_back(std::move(batch));
        arrived_.notify_all();
    }
    bool wait_for_messages(std::size_t count) {
        std::unique_lock lock{mutex_};
        return arrived_.wait_for(lock, std::chrono::seconds{10}, [&] { return messages() >= count; });
    }
    /// Call with the workers ended, or after wait_for_messages.
    [[nodiscard]] std::size_t messages() const {
        std::size_t count = 0;
        for (const auto& batch : batches_) count += batch->messages.size();
        return count;
    }
    [[nodiscard]] const std::vector<record::BatchPtr>& batches() const { return batches_; }

  private:
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<record::BatchPtr> batches_;
};

class FakeDeadLetters : public record::DeadLetterSink {
  public:
    void put(record::DeadLetter letter) override {
        letter.ticket.settle(letter.record, 1, Outcome::DeadLettered);
        const std::lock_guard lock{mutex_};
        letters.push_back(std::move(letter));
    }
    std::mutex mutex_;
    std::vector<record::DeadLetter> letters;
};

class PipelineTest : public ::testing::Test {
  protected:
    void start(std::size_t workers = 1) {
        pipeline_ = std::make_unique<Pipeline>(
            workers, std::vector{route_},
            Surroundings{"agent", dead_letters_,
                         [this](const std::string&) -> record::BatchSink& { return sink_; }, metrics_,
                         health_});
    }

    static RouteOptions make_route() {
        RouteOptions route;
        route.source = "web";
        route.stream.id = "events";
        route.stream.destination = "inlet";
        route.stream.envelope.schema_id = "https://ns.adobe.com/acme/schemas/abc";
        route.batch.linger = base::Millis{3'600'000};
        return route;
    }

    std::shared_ptr<record::Ledger> reader(std::uint64_t number) {
        auto origin = std::make_shared<record::Origin>();
        origin->source = "web";
        origin->stream = "events";
        origin->name = "reader " + std::to_string(number);
        origin->reader = number;
        return std::make_shared<record::Ledger>(origin, counters_, 0);
    }

    void push(const std::shared_ptr<record::Ledger>& ledger, const std::vector<std::string>& lines) {
        pipeline_->sink().push(block_of(ledger, lines));
    }
    record::BlockPtr block_of(const std::shared_ptr<record::Ledger>& ledger,
                              const std::vector<std::string>& lines) {
        std::string bytes;
        std::vector<record::RecordSpan> spans;
        std::vector<std::uint64_t> starts;
        const std::uint64_t begin = offsets_[ledger.get()];
        for (const std::string& line : lines) {
            spans.push_back({.position = begin + bytes.size(),
                             .begin = static_cast<std::uint32_t>(bytes.size()),
                             .size = static_cast<std::uint32_t>(line.size())});
            starts.push_back(begin + bytes.size());
            bytes += line + '\n';
        }
        auto block = std::make_unique<record::Block>(ledger->origin(), bytes.size(), share_.open());
        std::memcpy(block->data(), bytes.data(), bytes.size());
        block->size = bytes.size();
        block->records = spans;
        block->end_position = begin + bytes.size();
        block->read_at = base::SteadyClock::now();
        block->received_at = base::WallClock::now();
        block->ticket = {ledger, ledger->open_block(starts, block->end_position)};
        offsets_[ledger.get()] = block->end_position;
        return block;
    }

    RouteOptions route_ = make_route();
    telemetry::Health health_;
    telemetry::Metrics metrics_;
    record::MemoryBudget budget_{std::size_t{64} << 20U};
    record::MemoryShare& share_ = budget_.add_share("inlet");
    record::RecordCounters counters_{"web"};
    std::map<record::Ledger*, std::uint64_t> offsets_;
    FakeSink sink_;
    FakeDeadLetters dead_letters_;
    std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(PipelineTest, MakesOneSealedBatchOfWhatFits) {
    start();
    push(reader(1), {R"({"_id":"1"})", R"({"_id":"2"})"});
    pipeline_->finish();
    ASSERT_EQ(sink_.batches().size(), 1U);
    const record::Batch& batch = *sink_.batches()[0];
    EXPECT_EQ(batch.messages.size(), 2U);
    EXPECT_EQ(batch.entity_of(batch.messages[1]), R"({"_id":"2"})");
    EXPECT_TRUE(batch.body().starts_with(R"({"messages":[{"header")"));
    EXPECT_TRUE(batch.body().ends_with("}]}"));
}

TEST_F(PipelineTest, HoldsTheStreamWhenTooManyAreInvalid) {
    route_.stream.invalid_limit = InvalidLimit{.share = 0.2, .of = 10};
    start();
    const auto ledger = reader(1);
    push(ledger, {R"({"n":1})", "broken", "broken", R"({"n":2})", "broken", R"({"n":3})"});
    push(ledger, {R"({"n":4})", "broken"});
    pipeline_->finish();
    EXPECT_EQ(dead_letters_.letters.size(), 2U) << "a fifth of ten, and no more";
    EXPECT_EQ(sink_.messages(), 2U) << "those before the one too many";
    EXPECT_EQ(ledger->in_flight(), 6U) << "two in batches, four held: none is lost from the account";
    EXPECT_TRUE(pipeline_->hold("events")->held());
    EXPECT_FALSE(health_.ready());
}

TEST_F(PipelineTest, GoesOnWithWhatThePipelineBeforeItHeldBack) {
    route_.stream.invalid_limit = InvalidLimit{.share = 0, .of = 10};
    start();
    const auto ledger = reader(1);
    push(ledger, {R"({"n":1})", "broken", R"({"n":2})"});
    push(ledger, {R"({"n":3})"});
    pipeline_->finish();
    std::vector<record::BlockPtr> held = pipeline_->take_held();
    ASSERT_EQ(held.size(), 2U);
    pipeline_->retire_holds();
    EXPECT_TRUE(health_.report().find("stream") == std::string::npos) << health_.report();

    route_.stream.invalid_limit.reset();
    start();
    for (record::BlockPtr& block : held) pipeline_->sink().push(std::move(block));
    pipeline_->finish();
    EXPECT_EQ(sink_.messages(), 3U) << "each once";
    EXPECT_EQ(dead_letters_.letters.size(), 1U);
    for (const auto& batch : sink_.batches()) batch->settle_all(Outcome::Delivered);
    EXPECT_EQ(ledger->in_flight(), 0U);
}

TEST_F(PipelineTest, HoldsWhatTheOneBeforeItHeldWhereNothingHasChanged) {
    route_.stream.invalid_limit = InvalidLimit{.share = 0.2, .of = 10};
    start();
    const auto ledger = reader(1);
    push(ledger, {"broken", "broken", "broken", R"({"n":1})"});
    pipeline_->finish();
    std::vector<record::BlockPtr> held = pipeline_->take_held();
    const std::unique_ptr<Pipeline> before = std::move(pipeline_);
    start();
    pipeline_->hold_as(*before);
    for (record::BlockPtr& block : held) pipeline_->sink().push(std::move(block));
    pipeline_->finish();
    EXPECT_EQ(dead_letters_.letters.size(), 2U) << "none more";
    EXPECT_EQ(pipeline_->take_held().size(), 1U);
    EXPECT_FALSE(health_.ready());
}

TEST_F(PipelineTest, LosesNothingWhereOneReplacesAnotherUnderLoad) {
    start();
    Junction junction;
    junction.lead_to(pipeline_->sink());
    constexpr std::uint64_t kBlocks = 2000;
    std::jthread source{[&] {
        const auto ledger = reader(1);
        for (std::uint64_t i = 0; i < kBlocks; ++i) junction.push(block_of(ledger, {R"({"n":1})"}));
    }};
    for (int i = 0; i < 20; ++i) {
        std::unique_ptr<Pipeline> before;
        junction.switch_to([&]() -> record::BlockSink& {
            pipeline_->finish();
            before = std::move(pipeline_);
            start();
            return pipeline_->sink();
        });
    }
    source.join();
    pipeline_->finish();
    EXPECT_EQ(sink_.messages(), kBlocks);
}

TEST_F(PipelineTest, HoldsBeforeItDropsToo) {
    route_.stream.on_invalid = OnInvalid::Drop;
    route_.stream.invalid_limit = InvalidLimit{.share = 0, .of = 10};
    start();
    const auto ledger = reader(1);
    push(ledger, {"broken"});
    pipeline_->finish();
    EXPECT_EQ(ledger->in_flight(), 1U);
}

TEST_F(PipelineTest, SealsAtMaxMessages) {
    route_.batch.max_messages = 2;
    start();
    push(reader(1), {R"({"n":1})", R"({"n":2})", R"({"n":3})"});
    pipeline_->finish();
    ASSERT_EQ(sink_.batches().size(), 2U);
    EXPECT_EQ(sink_.batches()[0]->messages.size(), 2U);
}

TEST_F(PipelineTest, NeverPassesMaxBytes) {
    route_.batch.max_bytes = 5000;
    start();
    std::vector<std::string> lines;
    for (int i = 0; i < 100; ++i)
        lines.push_back(R"({"text":")" + std::string(static_cast<std::size_t>(i) * 7, 'x') + "\"}");
    push(reader(1), lines);
    pipeline_->finish();
    EXPECT_EQ(sink_.messages(), 100U);
    for (const auto& batch : sink_.batches()) EXPECT_LE(batch->body().size(), 5000U);
}

TEST_F(PipelineTest, SealsWhenLingerHasPassed) {
    route_.batch.linger = base::Millis{20};
    start();
    push(reader(1), {R"({"n":1})"});
    EXPECT_TRUE(sink_.wait_for_messages(1)) << "without another Block or the end";
}

TEST_F(PipelineTest, SendsALargeMessageAloneAndDeadLettersOneAboveTheRequestLimit) {
    route_.batch.max_bytes = 5000;
    start();
    push(reader(1), {R"({"n":1})", R"({"t":")" + std::string(900'000, 'x') + "\"}", R"({"n":2})",
                     R"({"t":")" + std::string(1'000'000, 'x') + "\"}", R"({"n":3})"});
    pipeline_->finish();
    EXPECT_EQ(sink_.messages(), 4U);
    ASSERT_EQ(dead_letters_.letters.size(), 1U);
    EXPECT_EQ(dead_letters_.letters[0].code, "message_too_large");
    for (const auto& batch : sink_.batches()) EXPECT_LE(batch->body().size(), kMaxRequestBytes);
}

TEST_F(PipelineTest, DeadLettersABrokenRecordWithoutHarmToItsNeighbours) {
    start();
    const auto ledger = reader(1);
    push(ledger, {R"({"_id":"1"})", R"({"_id":)", R"({"_id":"3"})"});
    pipeline_->finish();
    EXPECT_EQ(sink_.messages(), 2U);
    ASSERT_EQ(dead_letters_.letters.size(), 1U);
    const record::DeadLetter& letter = dead_letters_.letters[0];
    EXPECT_EQ(letter.code, "invalid_json");
    EXPECT_EQ(letter.content, R"({"_id":)");
    EXPECT_EQ(letter.position, 12U);
    EXPECT_EQ(letter.stream, "events");
    EXPECT_EQ(ledger->position(), 0U) << "the record before it is not settled";
    sink_.batches()[0]->settle_all(Outcome::Delivered);
    EXPECT_EQ(ledger->position(), 32U);
    EXPECT_TRUE(counters_.snapshot().balanced());
    EXPECT_EQ(counters_.snapshot().dead_lettered, 1U);
}

TEST_F(PipelineTest, DropsBrokenRecordsWhereTheStreamSaysSo) {
    route_.stream.on_invalid = OnInvalid::Drop;
    start();
    push(reader(1), {"nonsense", R"({"n":1})"});
    pipeline_->finish();
    EXPECT_TRUE(dead_letters_.letters.empty());
    EXPECT_EQ(counters_.snapshot().dropped, 1U);
}

TEST_F(PipelineTest, KeepsEachReadersOrderOverSeveralWorkers) {
    route_.stream.order = Order::Source;
    route_.batch.max_messages = 3;
    start(3);
    std::vector<std::shared_ptr<record::Ledger>> readers;
    for (std::uint64_t r = 0; r < 5; ++r) readers.push_back(reader(r));
    for (int n = 0; n < 200; ++n) {
        for (std::size_t r = 0; r < readers.size(); ++r) {
            push(readers[r], {"{\"r\":" + std::to_string(r) + ",\"n\":" + std::to_string(n) + "}"});
        }
    }
    pipeline_->finish();
    EXPECT_EQ(sink_.messages(), 1000U);
    std::map<std::string, int> next;
    std::map<std::string, std::uint64_t> lanes;
    for (const auto& batch : sink_.batches()) {
        EXPECT_NE(batch->lane, 0U);
        for (const auto& message : batch->messages) {
            const std::string entity{batch->entity_of(message)};
            const std::string from = entity.substr(5, 1);
            EXPECT_EQ(std::stoi(entity.substr(11)), next[from]++);
            EXPECT_EQ(lanes.try_emplace(from, batch->lane).first->second, batch->lane);
        }
    }
}

TEST_F(PipelineTest, LosesNothingWithManyReadersAndWorkers) {
    start(4);
    std::vector<std::thread> threads;
    std::vector<std::shared_ptr<record::Ledger>> readers;
    for (std::uint64_t r = 0; r < 4; ++r) {
        readers.push_back(reader(r));
        offsets_[readers.back().get()] = 0;
    }
    for (const auto& ledger : readers) {
        threads.emplace_back([&, ledger] {
            for (int n = 0; n < 500; ++n) push(ledger, {R"({"n":1})", "broken", R"({"n":2})"});
        });
    }
    for (std::thread& thread : threads) thread.join();
    pipeline_->finish();
    EXPECT_EQ(sink_.messages(), 4000U);
    for (const auto& batch : sink_.batches()) batch->settle_all(Outcome::Delivered);
    const auto totals = counters_.snapshot();
    EXPECT_EQ(totals.delivered, 4000U);
    EXPECT_EQ(totals.dead_lettered, 2000U);
    EXPECT_EQ(totals.in_flight, 0U);
    for (const auto& ledger : readers) EXPECT_EQ(ledger->position(), offsets_[ledger.get()]);
}

TEST_F(PipelineTest, GivesMemoryBackWhenBatchesGo) {
    start();
    push(reader(1), {R"({"n":1})", "broken"});
    pipeline_->finish();
    EXPECT_GT(share_.used(), 0U);
    sink_.batches()[0]->settle_all(Outcome::Delivered);
    const_cast<std::vector<record::BatchPtr>&>(sink_.batches()).clear();
    dead_letters_.letters.clear();
    EXPECT_EQ(share_.used(), 0U);
}

}  // namespace
}  // namespace aep::pipeline
