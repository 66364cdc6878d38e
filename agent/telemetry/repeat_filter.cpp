#include "telemetry/repeat_filter.hpp"

#include <utility>

namespace aep::telemetry {
namespace {

// Code and first field say what the event is about; a NUL cannot occur in a code.
std::string key_of(const LogEvent& event) {
    std::string key = event.code;
    key += '\0';
    if (!event.fields.empty()) key += event.fields.front().second;
    return key;
}

}  // namespace

std::vector<LogEvent> RepeatFilter::pass(LogEvent event, base::SteadyTime now) {
    const std::string key = key_of(event);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        Entry& entry = *found->second;
        const std::uint64_t counted = entry.last.repeated;
        if (now - entry.written_at < kWindow) {
            entry.last = std::move(event);
            entry.last.repeated = counted + 1;
            std::vector<LogEvent> due;
            expire(now, due);
            return due;
        }
        event.repeated = counted;
        const auto gone = found->second;
        by_key_.erase(found);
        entries_.erase(gone);
    }
    std::vector<LogEvent> due;
    expire(now, due);
    if (entries_.size() == kMaxKeys) drop_oldest(due);
    entries_.push_back(Entry{.key = key, .written_at = now, .last = {}});
    by_key_.emplace(entries_.back().key, std::prev(entries_.end()));
    due.push_back(std::move(event));
    return due;
}

std::vector<LogEvent> RepeatFilter::take_all() {
    std::vector<LogEvent> due;
    while (!entries_.empty()) drop_oldest(due);
    return due;
}

void RepeatFilter::expire(base::SteadyTime now, std::vector<LogEvent>& due) {
    while (!entries_.empty() && now - entries_.front().written_at >= kWindow) drop_oldest(due);
}

void RepeatFilter::drop_oldest(std::vector<LogEvent>& due) {
    Entry& oldest = entries_.front();
    if (oldest.last.repeated > 0) due.push_back(std::move(oldest.last));
    by_key_.erase(oldest.key);
    entries_.pop_front();
}

}  // namespace aep::telemetry
