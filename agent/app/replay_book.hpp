#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "app/letter_filter.hpp"
#include "base/result.hpp"
#include "store/done_lines.hpp"
#include "store/letter_reader.hpp"

namespace aep::app {

/// What one replay has to do, and how far it is: the chosen lines of some files of dead letters. The files
/// are held for as long as the book lives, so that nobody writes or replays them meanwhile; lines that were
/// replayed before are not chosen again.
///
/// Outlives the agent. begin() is for the sources' threads, settled() for the settling threads, all else for
/// the thread that made it.
class ReplayBook {
  public:
    /// So many letters of one way are on their way at most: what an interrupted replay may send twice.
    static constexpr std::size_t kMostInFlight = 10'000;
    /// Files of one replay: each keeps a descriptor.
    static constexpr std::size_t kMostFiles = 500;
    /// Ways of one replay: each has a thread.
    static constexpr std::size_t kMostWays = 64;

    /// A way through the pipeline: letters of one source and stream, records and entities apart.
    struct Way {
        std::string id;
        std::string stream;
        std::string source;
        bool entities = false;
        std::uint64_t letters = 0;
        std::string first_place;  ///< FILE:LINE of its first letter
    };
    static constexpr std::uint16_t kNoWay = 0xFFFF;  ///< of a line that is not to be sent

    /// Holds and surveys the files, kMostFiles at most. `left_out` gets those that somebody else holds.
    [[nodiscard]] static base::Result<std::unique_ptr<ReplayBook>> open(
        const std::vector<std::filesystem::path>& files, const LetterFilter& filter,
        std::vector<std::filesystem::path>& left_out);

    [[nodiscard]] const std::vector<Way>& ways() const { return ways_; }
    [[nodiscard]] std::size_t files() const { return files_.size(); }
    [[nodiscard]] const std::filesystem::path& path(std::size_t file) const { return files_[file].path; }
    /// The way of a line, or kNoWay.
    [[nodiscard]] std::uint16_t way_of(std::size_t file, std::uint64_t line) const;
    [[nodiscard]] std::uint16_t way_named(const std::string& id) const;

    struct Totals {
        std::uint64_t chosen = 0;  ///< letters
        std::uint64_t settled = 0;
        std::uint64_t chosen_bytes = 0;
        std::uint64_t settled_bytes = 0;
        std::uint64_t broken = 0;  ///< lines that are no dead letters
    };
    [[nodiscard]] Totals totals() const;
    /// The first lines that are no dead letters: "FILE:LINE: why".
    [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

    /// Waits until one more letter of the way may be sent. False: asked to stop.
    [[nodiscard]] bool begin(std::uint16_t way, const std::stop_token& stop);
    void settled(std::size_t file, std::uint64_t line);

    /// Writes down what has been settled.
    [[nodiscard]] base::Result<> save();
    /// Moves the files whose lines are all done to `replayed/`. After the last save(). Returns how many.
    [[nodiscard]] base::Result<std::size_t> put_away();

  private:
    struct File {
        std::filesystem::path path;
        store::LetterReader held;
        store::DoneLines done;
        std::vector<std::uint16_t> way_of_line;  ///< index 0 is line 1
        std::vector<std::uint32_t> size_of_line;
        std::vector<std::uint64_t> fresh;  ///< settled and not saved yet; guarded by mutex_
        bool is_broken = false;            ///< holds lines that are no dead letters
    };

    ReplayBook() = default;
    void survey(File& file, const LetterFilter& filter);
    [[nodiscard]] std::uint16_t way_for(const store::StoredLetter& letter, const std::string& place);

    std::vector<File> files_;
    std::vector<Way> ways_;
    std::vector<std::string> faults_;

    mutable std::mutex mutex_;
    std::condition_variable_any room_;
    std::vector<std::size_t> in_flight_;  ///< by way; guarded
    Totals totals_;                       ///< `settled` and `settled_bytes` guarded, the rest fixed
};

}  // namespace aep::app
