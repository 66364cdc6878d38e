#pragma once

#include <functional>
#include <mutex>
#include <utility>

#include "record/block.hpp"

namespace aep::pipeline {

/// Where sources put their Blocks while one pipeline replaces another. Free-threaded; its mutex is taken once
/// per Block.
class Junction final : public record::BlockSink {
  public:
    /// Before the first push().
    void lead_to(record::BlockSink& sink) { sink_ = &sink; }

    void push(record::BlockPtr block) override {
        const std::lock_guard lock{mutex_};
        sink_->push(std::move(block));
    }

    /// Nothing comes through while `change` runs; it returns the sink of all that comes after. It must not
    /// wait for a source.
    void switch_to(const std::function<record::BlockSink&()>& change) {
        const std::lock_guard lock{mutex_};
        sink_ = &change();
    }

  private:
    std::mutex mutex_;
    record::BlockSink* sink_ = nullptr;
};

}  // namespace aep::pipeline
