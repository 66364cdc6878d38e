#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "source/file_reader.hpp"
#include "source/source_base.hpp"
#include "source/watcher.hpp"

namespace aep::source {

/// Follows files: finds them by globs, reads what is appended, one Block of each in turn. A file is known by
/// device and inode, so a renamed one is not read twice. A deleted file is read to its end and closed; one
/// that was renamed to where no glob reaches is read for another kLinger. What cannot be read is tried again,
/// with growing pauses, and reported each time.
class FileSource final : public SourceBase {
  public:
    static constexpr std::chrono::seconds kRescan{
        10};                                         ///< inotify loses events; network file systems have none
    static constexpr std::chrono::seconds kPoll{1};  ///< without inotify
    static constexpr std::chrono::seconds kLinger{10};

    FileSource(const SourceOptions& options, const Surroundings& surroundings,
               std::function<void()> on_finished);
    ~FileSource() override { stop(); }

  private:
    struct Followed {
        Followed(ReaderContext& context, const FoundFile& file, std::string generation,
                 std::uint64_t position)
            : reader{context, file, std::move(generation), position} {}

        FileReader reader;
        std::string canonical;                          ///< the name that the Watcher knows it by
        bool due = false;                               ///< in due_
        std::uint64_t scan = 0;                         ///< the last one that found it
        std::optional<base::SteadyTime> missing_since;  ///< no glob reaches it any more
        std::optional<base::SteadyTime> retry_at;       ///< could not be read; in failing_
        std::chrono::milliseconds backoff{0};
    };

    void run(const std::stop_token& stop) override;
    void wait();
    [[nodiscard]] base::SteadyTime next_turn() const;
    void notice_changes();
    void scan();
    void report_scan(const Scanner::Found& found);
    void report_start(const Scanner::Found& found);
    void follow(const FoundFile& file);
    [[nodiscard]] std::uint64_t start_of(const FoundFile& file);
    void meet_again(Followed& followed, const FoundFile& file);
    void set_canonical(Followed& followed);
    void notice_missing();
    void watch(const std::string& directory);
    void retry_failing();
    void make_due(Followed& followed);
    void read_round(const std::stop_token& stop);
    void after_end(Followed& followed);
    void after_failure(Followed& followed);
    void forget(Followed& followed);

    const Scanner scanner_;
    Watcher watcher_;
    OpenFiles files_;
    ReaderContext context_;
    std::map<FileIdentity, std::unique_ptr<Followed>> followed_;
    std::unordered_map<std::string, Followed*> by_path_;  ///< by Followed::canonical
    std::vector<Followed*> due_;                          ///< to be read in the next round
    std::vector<Followed*> failing_;
    std::uint64_t scans_ = 0;
    std::uint64_t skipped_bytes_ = 0;
    base::SteadyTime next_scan_ = {};
    base::SteadyTime earliest_scan_ = {};  ///< a scan takes at most a twentieth of the time
    bool polling_reported_ = false;
};

}  // namespace aep::source
