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
        std::exchange(meanwhile_, [] {})();
        if (fails_) return base::Error{"the disk is full"};
        for (const record::FileMark& mark : marks) {
            const auto [known, is_new] = durable_.try_emplace(mark.generation, mark);
            if (is_new) continue;
            const record::FileMark before = std::exchange(known->second, mark);
            known->second.position = before.position;
            keep_tail(known->second, before.tail);
        }
        return {};
    }
    void update(const record::FileMark& mark) override {
        change([mark](Marks& marks) {
            const auto known = marks.find(mark.generation);
            if (known == marks.end()) return;
            const record::FileMark before = std::exchange(known->second, mark);
            known->second.position = before.position;
            keep_tail(known->second, before.tail);
        });
    }
    void move_to(const record::Origin& origin, std::uint64_t position, const record::Tail& tail) override {
        change([generation = origin.generation, position, tail](Marks& marks) {
            const auto known = marks.find(generation);
            if (known == marks.end()) return;
            known->second.position = std::max(known->second.position, position);
            if (tail.end > known->second.tail.end) known->second.tail = tail;
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
    /// As an earlier version left them.
    void forget_tails() {
        const std::lock_guard lock{mutex_};
        for (auto& [generation, mark] : durable_) mark.tail = {};
    }
    /// From now on only commit() makes anything durable.
    void hold_back() {
        const std::lock_guard lock{mutex_};
        holds_back_ = true;
    }
    /// Called once, while the next remember() waits for the disk.
    void meanwhile(std::function<void()> something) {
        const std::lock_guard lock{mutex_};
        meanwhile_ = std::move(something);
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

    static void keep_tail(record::FileMark& mark, const record::Tail& before) {
        if (mark.tail.end < before.end || mark.tail.end > mark.position) mark.tail = before;
    }

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
    std::function<void()> meanwhile_ = [] {};
    bool holds_back_ = false;
    bool fails_ = false;
    int remembers_ = 0;
};

}  // namespace aep::source
