#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "source/file_marks.hpp"
#include "source/followed.hpp"
#include "source/source_base.hpp"
#include "source/watcher.hpp"

namespace aep::source {

/// Follows files: finds them by globs, reads what is appended, one Block of each in turn.
///
/// A file is known by device, inode and its first bytes, whatever its name. Renamed to where no glob reaches
/// it is looked for in its own directory and read on there until nothing has come for kAbandon; deleted it is
/// read to its end, as long as a descriptor of it is open. Truncated or written anew it is another
/// generation, read from its beginning. What is lost in between is counted, and logged as an error.
///
/// Nothing of a file is handed over before the PositionStore knows it, so that the next start continues where
/// this one ends. What cannot be read or remembered is tried again, with growing pauses, and reported each
/// time.
///
/// The thread's work is in two files: file_source.cpp reads, file_source_scan.cpp finds. What a reload does
/// while the thread is stopped is in file_source_reload.cpp.
class FileSource final : public SourceBase {
  public:
    static constexpr std::chrono::seconds kRescan{
        10};                                         ///< inotify loses events; network file systems have none
    static constexpr std::chrono::seconds kPoll{1};  ///< without inotify
    /// After so long without anything new a deleted file, and a renamed one, has its last line.
    static constexpr std::chrono::milliseconds kDeletedLinger{1000};
    static constexpr std::chrono::seconds kRenamedLinger{10};
    static constexpr std::chrono::hours kAbandon{1};

    FileSource(const SourceOptions& options, const Surroundings& surroundings,
               std::function<void()> on_finished);
    ~FileSource() override;

    [[nodiscard]] bool reconfigure(const SourceOptions& options) override;
    void rewind() override;
    [[nodiscard]] bool can_rewind() const override { return !marks_.has_unsettled(); }
    [[nodiscard]] bool is_done() const override;

  private:
    /// What scans have seen of a file that is not ready to be read: a compressed one that changes, a copy of
    /// one that is followed.
    struct Watched {
        std::uint64_t size = 0;
        base::WallTime modified = {};
        base::SteadyTime unchanged_since = {};
        std::uint64_t scan = 0;
    };
    struct Start {
        Beginning beginning;
        bool known = false;       ///< it goes on where it was left
        bool remembered = false;  ///< under its identity
        bool finished = false;
    };
    using ByIdentity = std::map<FileIdentity, FoundFile>;

    // file_source.cpp
    void run(const std::stop_token& stop) override;
    void rest_later();
    void rest();
    void wait();
    [[nodiscard]] base::SteadyTime next_turn() const;
    void notice_changes();
    void retry_failing();
    void look_at_nameless();
    void make_due(Followed& followed);
    void make_all_due();
    void remember_first_bytes();
    void read_round(const std::stop_token& stop);
    [[nodiscard]] bool read_one(Followed& followed, const std::stop_token& stop);
    void after_end(Followed& followed);
    void after_move(Followed& followed);
    void after_replacement(Followed& followed);
    void after_failure(Followed& followed);
    void after_breakage(Followed& followed);
    void retire(Followed& followed, std::uint64_t unread);
    void unfollow(Followed& followed);
    void tell_growth(Followed& followed);
    [[nodiscard]] record::FileMark mark_of(const Followed& followed) const;

    // file_source_scan.cpp
    void scan();
    void plan_next_scan(base::SteadyClock::duration took);
    void meet(const FoundFile& file);
    void meet_again(Followed& followed, const FoundFile& file);
    [[nodiscard]] std::optional<Start> start_of(const FoundFile& file);
    [[nodiscard]] std::optional<Start> start_of_packed(const FoundFile& file);
    [[nodiscard]] Start start_of_known(const FoundFile& file, const FileMarks::Known& known);
    [[nodiscard]] std::uint64_t first_position(const FoundFile& file, int fd);
    [[nodiscard]] bool has_come_to_rest(const FoundFile& file);
    [[nodiscard]] bool waits_for_original(const FoundFile& file);
    [[nodiscard]] bool is_copy_of_followed(const FoundFile& file, std::string_view head,
                                           std::uint32_t length) const;
    [[nodiscard]] bool is_copy_in_the_making(const FoundFile& file, int fd, std::string_view head);
    [[nodiscard]] static bool is_copy_of(const Followed& followed, const FoundFile& file, int fd,
                                         std::string_view head);
    [[nodiscard]] static bool is_begun_copy(const FileReader& original, const FoundFile& file,
                                            std::string_view head);
    void follow(const FoundFile& file, Start start);
    void set_name(Followed& followed, const std::string& path);
    void take_name(const Followed& followed);
    void look_for_missing();
    void look_for_missing_in(const std::string& directory, const std::vector<Followed*>& missing);
    void look_for_unfound();
    void remember_new();
    void finish_settled();
    void report_scan(const Scanner::Found& found);
    void report_start(const Scanner::Found& found);
    void report_unfound(base::SteadyTime older_than);
    void report_lost(const record::FileMark& mark, std::uint64_t bytes);
    void watch(const std::string& directory);
    void scan_again_in(std::chrono::milliseconds time);

    // file_source_reload.cpp
    void leave_unwanted();
    [[nodiscard]] static bool is_where_it_was(const FileReader& reader);

    Scanner scanner_;
    FileMarks marks_;
    Watcher watcher_;
    OpenFiles files_;
    ReaderContext context_;
    std::map<FileIdentity, std::unique_ptr<Followed>> followed_;
    std::unordered_map<std::string_view, Followed*> by_path_;  ///< by Followed::canonical
    std::map<FileIdentity, Watched> watched_;                  ///< found, but not to be read yet
    std::vector<Followed*> due_;                               ///< to be read in the next round
    std::deque<Followed*> packed_due_;  ///< the same of compressed files, which are unpacked one by one
    std::vector<Followed*> failing_;
    std::vector<Followed*> new_;  ///< not remembered yet
    bool recalled_ = false;       ///< what an earlier run left behind
    bool new_state_ = true;       ///< the scan is the very first of a new state
    bool scanned_ = false;        ///< the PositionStore knows of a completed scan
    std::uint64_t scans_ = 0;
    std::uint64_t continued_ = 0;  ///< files that the first scan knew
    std::uint64_t skipped_bytes_ = 0;
    base::SteadyTime next_scan_ = {};
    base::SteadyTime earliest_scan_ = {};                   ///< a scan takes at most a twentieth of the time
    base::SteadyTime next_look_ = base::SteadyTime::max();  ///< at the nameless
    std::chrono::milliseconds remember_backoff_{0};
    base::SteadyTime remember_at_ = {};
    base::SteadyTime next_search_ = {};  ///< for those that marks_ has not found
    bool polling_reported_ = false;
    base::SteadyTime next_rest_ = base::SteadyTime::max();
    std::size_t churn_ = 0;  ///< files that were listed, read or left alone since the heap was trimmed
};

}  // namespace aep::source
