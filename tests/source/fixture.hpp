#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "position_memory.hpp"
#include "record/block.hpp"
#include "record/counters.hpp"
#include "record/memory_budget.hpp"
#include "source/source.hpp"

namespace aep::source {

inline constexpr std::chrono::seconds kDeadline{20};

/// Polls, for what gives no signal. False after the deadline.
inline bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
}

/// A pipeline that keeps what it gets: the records as text, the Blocks until they are settled.
class KeepingSink : public record::BlockSink {
  public:
    struct Kept {
        std::string text;
        std::uint64_t position;
        std::uint64_t oversized;
        record::OriginPtr origin;
        std::string peer;
        std::weak_ptr<record::Ledger> ledger;
    };

    void push(record::BlockPtr block) override {
        const std::lock_guard lock{mutex_};
        for (std::uint32_t i = 0; i < block->records.size(); ++i) {
            const record::RecordSpan& span = block->records[i];
            kept_.push_back({std::string{block->bytes_of(span)}, span.position, span.oversized, block->origin,
                             std::string{block->peer_of(i)}, block->ticket.ledger});
        }
        capacities_.push_back(block->capacity());
        most_memory_ = std::max(most_memory_, block->lease.share()->used());
        if (settle_at_once_) return settle(*block);
        blocks_.push_back(std::move(block));
    }

    void settle_at_once() {
        const std::lock_guard lock{mutex_};
        settle_at_once_ = true;
        for (const auto& block : blocks_) settle(*block);
        blocks_.clear();
    }
    /// From now on nothing is settled by itself.
    void hold() {
        const std::lock_guard lock{mutex_};
        settle_at_once_ = false;
    }
    /// As if the process had ended: nothing of what it holds will ever be settled.
    void abandon() {
        const std::lock_guard lock{mutex_};
        blocks_.clear();
        settled_ = 0;
    }
    /// Settles the first `records` of what it holds.
    void settle_some(std::size_t records) {
        const std::lock_guard lock{mutex_};
        while (records > 0 && !blocks_.empty()) {
            const record::BlockPtr& block = blocks_.front();
            const std::size_t left = block->records.size() - settled_;
            const std::size_t count = std::min(records, left);
            block->ticket.settle(static_cast<std::uint32_t>(settled_), static_cast<std::uint32_t>(count),
                                 record::Outcome::Delivered);
            for (std::size_t i = settled_; i < settled_ + count; ++i) {
                settled_texts_.insert(std::string{block->bytes_of(block->records[i])});
            }
            records -= count;
            settled_ += count;
            if (count < left) return;
            blocks_.erase(blocks_.begin());
            settled_ = 0;
        }
    }
    /// Of those that settle_some() settled.
    [[nodiscard]] std::set<std::string> settled_texts() const {
        const std::lock_guard lock{mutex_};
        return settled_texts_;
    }
    [[nodiscard]] bool holds_any() const {
        const std::lock_guard lock{mutex_};
        return !blocks_.empty();
    }
    [[nodiscard]] std::vector<Kept> kept() const {
        const std::lock_guard lock{mutex_};
        return kept_;
    }
    [[nodiscard]] std::vector<std::string> texts() const {
        std::vector<std::string> all;
        for (const Kept& one : kept()) all.push_back(one.text);
        return all;
    }
    [[nodiscard]] std::vector<std::string> texts_of(const std::string& name) const {
        std::vector<std::string> all;
        for (const Kept& one : kept()) {
            if (one.origin->name == name) all.push_back(one.text);
        }
        return all;
    }
    [[nodiscard]] std::size_t count() const {
        const std::lock_guard lock{mutex_};
        return kept_.size();
    }
    /// The most that the share was ever seen to have in use.
    [[nodiscard]] std::size_t most_memory() const {
        const std::lock_guard lock{mutex_};
        return most_memory_;
    }
    [[nodiscard]] std::vector<std::size_t> capacities() const {
        const std::lock_guard lock{mutex_};
        return capacities_;
    }

  private:
    static void settle(const record::Block& block) {
        block.ticket.settle(0, static_cast<std::uint32_t>(block.records.size()), record::Outcome::Delivered);
    }

    mutable std::mutex mutex_;
    bool settle_at_once_ = false;
    std::vector<record::BlockPtr> blocks_;
    std::size_t settled_ = 0;  ///< of the first of them
    std::set<std::string> settled_texts_;
    std::vector<Kept> kept_;
    std::vector<std::size_t> capacities_;
    std::size_t most_memory_ = 0;
};

/// A source between a directory of its own and a KeepingSink.
class SourceTest : public ::testing::Test {
  protected:
    SourceTest() {
        std::string name = (std::filesystem::temp_directory_path() / "source-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
        directory_ = std::filesystem::canonical(name);
        options_.id = "test";
        options_.stream = "events";
        options_.start_at = SourceOptions::StartAt::Beginning;
    }
    ~SourceTest() override {
        if (source_) source_->stop();
        source_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    [[nodiscard]] std::string path(const std::string& name) const { return (directory_ / name).string(); }
    void append(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories((directory_ / name).parent_path());
        std::ofstream{directory_ / name, std::ios::app | std::ios::binary} << text;
    }
    void limit_memory(std::size_t bytes) {
        budget_ = std::make_unique<record::MemoryBudget>(bytes);
        share_ = &budget_->add_share("inlet");
    }
    [[nodiscard]] Surroundings surroundings() {
        if (!budget_) limit_memory(std::size_t{64} << 20U);
        return {
            .sink = sink_,
            .outlet = {.memory = share_, .message_overhead = 500, .hold = nullptr},
            .counters = counters_,
            .metrics = metrics_,
            .on_ack =
                [this](const record::Ack& ack) { positions_.move_to(*ack.origin, ack.position, ack.tail); },
            .positions = &positions_};
    }
    void start() {
        start(make_source(options_, surroundings(), [this] { ++finishes_; }).value());
    }
    void start(std::unique_ptr<Source> source) {
        source_ = std::move(source);
        source_->start();
    }
    /// Stops, as a drained agent does, and starts anew.
    void restart() {
        source_->stop();
        source_.reset();
        positions_.commit();
        start();
    }
    /// What was not settled is gone, and so is what the store had not committed.
    void crash() {
        source_->stop();
        positions_.crash();
        sink_.abandon();
        source_.reset();
        positions_.crash();
    }
    [[nodiscard]] testing::AssertionResult sees(const std::vector<std::string>& expected) const {
        if (eventually([&] { return sink_.texts() == expected; })) return testing::AssertionSuccess();
        return testing::AssertionFailure() << "got " << testing::PrintToString(sink_.texts());
    }
    [[nodiscard]] bool finished() const {
        return eventually([&] { return source_->finished(); });
    }

    std::filesystem::path directory_;
    PositionMemory positions_;
    SourceOptions options_;
    record::RecordCounters counters_{"test"};
    telemetry::Metrics metrics_;
    std::unique_ptr<record::MemoryBudget> budget_;
    record::MemoryShare* share_ = nullptr;
    KeepingSink sink_;
    std::atomic<int> finishes_ = 0;
    std::unique_ptr<Source> source_;
};

}  // namespace aep::source
