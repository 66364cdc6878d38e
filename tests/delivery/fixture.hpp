#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "record/batch.hpp"
#include "record/dead_letter.hpp"
#include "record/memory_budget.hpp"

namespace aep::delivery {

/// Keeps dead letters and settles their records.
class KeptLetters : public record::DeadLetterSink {
  public:
    void put(record::DeadLetter letter) override {
        letter.ticket.settle(letter.record, 1, record::Outcome::DeadLettered);
        const std::lock_guard lock{mutex_};
        letters_.push_back(std::move(letter));
    }
    [[nodiscard]] std::vector<std::string> contents() const {
        const std::lock_guard lock{mutex_};
        std::vector<std::string> all;
        for (const auto& letter : letters_) all.push_back(letter.content);
        return all;
    }
    [[nodiscard]] const record::DeadLetter& at(std::size_t index) const { return letters_.at(index); }

  private:
    mutable std::mutex mutex_;
    std::vector<record::DeadLetter> letters_;
};

/// Makes sealed batches whose messages are `{"n":0}`, `{"n":1}`, ... of one reader.
class BatchMaker {
  public:
    BatchMaker() {
        auto origin = std::make_shared<record::Origin>();
        origin->source = "web";
        origin->stream = "events";
        origin->name = "reader";
        ledger_ = std::make_shared<record::Ledger>(origin, counters, 0);
        auto info = std::make_shared<record::StreamInfo>();
        info->id = "events";
        stream_ = info;
    }

    record::BatchPtr make(std::uint32_t messages, std::uint64_t lane = 0) {
        std::vector<std::uint64_t> starts;
        for (std::uint32_t i = 0; i < messages; ++i) starts.push_back(position_ + std::uint64_t{i} * 10);
        position_ += std::uint64_t{messages} * 10;
        const record::Ticket ticket{ledger_, ledger_->open_block(starts, position_)};
        auto batch = std::make_unique<record::Batch>(stream_, share_.open());
        batch->lane = lane;
        batch->oldest_read = base::SteadyClock::now();
        for (std::uint32_t i = 0; i < messages; ++i) {
            const std::string text = "{\"n\":" + std::to_string(next_++) + "}";
            std::memcpy(batch->reserve(text.size()), text.data(), text.size());
            batch->append(text.size(), batch->ticket_index(ticket), i);
        }
        batch->seal();
        return batch;
    }

    static std::vector<std::string> messages_of(const record::Batch& batch) {
        std::vector<std::string> all;
        for (const auto& message : batch.messages) all.emplace_back(batch.entity_of(message));
        return all;
    }

    record::RecordCounters counters{"web"};

  private:
    record::MemoryBudget budget_{std::size_t{64} << 20U};
    record::MemoryShare& share_ = budget_.add_share("inlet");
    std::shared_ptr<record::Ledger> ledger_;
    std::shared_ptr<const record::StreamInfo> stream_;
    std::uint64_t position_ = 0;
    std::uint32_t next_ = 0;
};

}  // namespace aep::delivery
