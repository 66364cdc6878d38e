#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "telemetry/log_line.hpp"

namespace aep::telemetry {

/// Keeps a log readable while one thing fails over and over: of the events with the same key only the first
/// in 10 s passes, the others are counted. No count is lost: it leaves with the next event of its key, or as
/// an event of its own once its 10 s are over, its place is needed, or everything is taken. At most
/// kMaxKeys keys. Confined.
class RepeatFilter {
  public:
    static constexpr std::size_t kMaxKeys = 1024;
    static constexpr std::chrono::seconds kWindow{10};

    /// What to write now, in this order: counts that fell due, and `event` unless it is a repetition.
    [[nodiscard]] std::vector<LogEvent> pass(LogEvent event, base::SteadyTime now);

    /// All counts not written yet.
    [[nodiscard]] std::vector<LogEvent> take_all();

  private:
    struct Entry {
        std::string key;
        base::SteadyTime written_at;
        LogEvent last;  ///< its `repeated` counts
    };
    using Entries = std::list<Entry>;

    void expire(base::SteadyTime now, std::vector<LogEvent>& due);
    void drop_oldest(std::vector<LogEvent>& due);

    Entries entries_;                                                 ///< oldest written_at first
    std::unordered_map<std::string_view, Entries::iterator> by_key_;  ///< keys are views into entries_
};

}  // namespace aep::telemetry
