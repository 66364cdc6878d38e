#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "record/position_store.hpp"

namespace aep::source {

/// A PositionStore in memory. Like the real one it keeps changes back until commit(); crash() loses them.
class PositionMemory final : public record::PositionStore {
  public:
    [[nodiscard]] std::vector<record::FileMark> recall(const std::string& source) override {
        const std::lock_guard lock{mutex_};
        std::vector<record::FileMark> all;
        for (const auto& [key, mark] : durable_) {
            if (mark.source == source) all.push_back(mark);
        }
        return all;
    }
    [[nodiscard]] bool scanned_before(const std::string& source) override {
        const std::lock_guard lock{mutex_};
        return scanned_.contains(source);
    }
    [[nodiscard]] base::Result<void> mark_scanned(const std::string& source) override {
        const std::lock_guard lock{mutex_};
        if (fails_) return base::Error{"the disk is full"};
        scanned_.insert(source);
        return {};
    }
    [[nodiscard]] base::Result<void> remember(std::span<const record::FileMark> marks) override {
        const std::lock_guard lock{mutex_};
        ++remembers_;
        if (fails_) return base::Error{"the disk is full"};
        for (const record::FileMark& mark : marks) durable_[mark.generation] = mark;
        return {};
    }
    void update(const record::FileMark& mark) override {
        change([mark](Marks& marks) {
            const auto known = marks.find(mark.generation);
            if (known == marks.end()) return;
            const std::uint64_t position = known->second.position;
            known->second = mark;
            known->second.position = position;
        });
    }
    void move_to(const record::Origin& origin, std::uint64_t position) override {
        change([generation = origin.generation, position](Marks& marks) {
            const auto known = marks.find(generation);
            if (known == marks.end()) return;
            known->second.position = std::max(known->second.position, position);
        });
    }
    void forget(const std::string&, const std::string& generation) override {
        change([generation](Marks& marks) { marks.erase(generation); });
    }

    void commit() {
        const std::lock_guard lock{mutex_};
        apply();
    }
    void crash() {
        const std::lock_guard lock{mutex_};
        waiting_.clear();
    }
    /// From now on only commit() makes anything durable.
    void hold_back() {
        const std::lock_guard lock{mutex_};
        holds_back_ = true;
    }
    void fail(bool fails) {
        const std::lock_guard lock{mutex_};
        fails_ = fails;
    }
    [[nodiscard]] bool is_finished(const std::string& generation) const {
        const std::lock_guard lock{mutex_};
        const auto known = durable_.find(generation);
        return known != durable_.end() && known->second.finished;
    }
    [[nodiscard]] int remembers() const {
        const std::lock_guard lock{mutex_};
        return remembers_;
    }

  private:
    using Marks = std::map<std::string, record::FileMark>;  ///< by generation

    void change(std::function<void(Marks&)> change) {
        const std::lock_guard lock{mutex_};
        waiting_.push_back(std::move(change));
        if (!holds_back_) apply();
    }
    void apply() {
        for (const auto& change : waiting_) change(durable_);
        waiting_.clear();
    }

    mutable std::mutex mutex_;
    Marks durable_;
    std::set<std::string> scanned_;
    std::vector<std::function<void(Marks&)>> waiting_;
    bool holds_back_ = false;
    bool fails_ = false;
    int remembers_ = 0;
};

}  // namespace aep::source
