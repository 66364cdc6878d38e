#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "record/ledger.hpp"
#include "record/position_store.hpp"
#include "source/scanner.hpp"
#include "source/trace.hpp"

namespace aep::source {

[[nodiscard]] bool is_at(const record::FileMark& mark, const FileIdentity& identity);

/// By their names: copies have that of the original, with something at its end or before its extension. The
/// original may have been renamed likewise since.
[[nodiscard]] bool may_be_copy(std::string_view path, std::string_view original);
/// The same of an original that has not been renamed since.
[[nodiscard]] bool lengthens(std::string_view path, std::string_view original);

/// The source's memory of files that it does not follow at the moment: those of an earlier run that no scan
/// has found yet, and those that have gone in this one. A file is taken for one of them where its identity
/// and its first bytes say so. Also passes on to the PositionStore (which may be null) what it must know.
///
/// A file that was read to its end counts as finished, and may be forgotten, only once its last record is
/// settled: until then a restart has to read it again. Confined.
class FileMarks {
  public:
    /// More finished files than this are not kept in memory; the oldest go first.
    static constexpr std::size_t kMostFinished = 4096;

    FileMarks(std::string source, record::PositionStore* positions)
        : source_{std::move(source)}, positions_{positions} {}

    /// Takes in what an earlier run left behind.
    void recall();
    /// No scan of this source was ever completed.
    [[nodiscard]] bool new_state() const;
    [[nodiscard]] base::Result<void> mark_scanned();
    /// Durable when it returns.
    [[nodiscard]] base::Result<void> remember(std::span<const record::FileMark> marks);
    void update(const record::FileMark& mark);

    /// What is known of a file that was found.
    struct Known {
        record::FileMark mark;
        std::shared_ptr<record::Ledger> ledger;  ///< null, or it has records that are not settled yet
        std::uint64_t unread = 0;  ///< bytes that were there behind the mark's position when it was seen last
    };
    /// `head`: its first bytes. The mark is not kept here any longer. `fd`: of a file that is not compressed;
    /// it may also be a copy that was made of one before that was truncated.
    [[nodiscard]] std::optional<Known> take(const FoundFile& file, int fd, std::string_view head);
    [[nodiscard]] std::optional<Known> take_packed(const FoundFile& file, std::string_view head);
    /// The same for a compressed file: what is known of the one that it was made of, which was in the same
    /// directory, began with `head` and was `length` bytes long (modulo 2^32), or not read to its end.
    [[nodiscard]] std::optional<Known> take_original(const FoundFile& file, std::string_view head,
                                                     std::uint32_t length);
    /// The file is a copy as well, of one that was written to and read until it was truncated: all that is in
    /// the copy was read. The rest is not looked for any longer.
    [[nodiscard]] bool has_read_copy(const FoundFile& file, int fd);
    [[nodiscard]] bool knows(const FileIdentity& identity) const;
    /// The same whatever the device: its number may be another one than before the machine was restarted.
    [[nodiscard]] bool may_know(const FileIdentity& identity) const;

    /// The file is not followed any more. `ledger`: null where all of it is settled. `unread`: what of it
    /// could not be read; 0: it is finished.
    void retire(record::FileMark mark, std::shared_ptr<record::Ledger> ledger, std::uint64_t unread);
    /// The same of a truncated one: the rest may be in a copy, which begins with what has left `trace`.
    void retire_truncated(record::FileMark mark, std::shared_ptr<record::Ledger> ledger, std::uint64_t unread,
                          const Trace& trace);
    /// The file is not followed any more because it is not asked for, but it may be again.
    void set_aside(record::FileMark mark, std::shared_ptr<record::Ledger> ledger);
    /// Finishes what has been settled in the meantime.
    void settle();
    /// Whether a file that is not followed any more has records that are not settled.
    [[nodiscard]] bool has_unsettled() const;

    /// A file that was not read to its end, or maybe was not, and that nobody has found yet.
    struct Unfound {
        const record::FileMark& mark;
        std::uint64_t unread;  ///< bytes
        bool of_earlier_run;   ///< then nobody knows how many bytes
    };
    [[nodiscard]] std::vector<Unfound> unfound() const;
    /// Gives up those that have not been found for so long, and returns them once each.
    [[nodiscard]] std::vector<Unfound> give_up_unfound(base::SteadyTime older_than);

  private:
    struct Entry {
        record::FileMark mark;
        std::shared_ptr<record::Ledger> unsettled;  ///< shared with the tickets of its last records
        std::uint64_t unread = 0;
        std::optional<Trace> trace = std::nullopt;
        bool of_earlier_run = false;
        base::SteadyTime since = {};
        bool given_up = false;
        bool is_aside = false;
    };
    using Entries = std::unordered_multimap<std::uint64_t, Entry>;

    Entry& add(Entry entry);
    void retire(Entry entry);
    void settle(Entry& entry);
    void finish(Entry& entry);
    [[nodiscard]] std::optional<Known> take(Entries::iterator at);
    [[nodiscard]] Entries::iterator find_same(const FoundFile& file, int fd, std::string_view head);
    [[nodiscard]] Entries::iterator find_copied(const FoundFile& file, int fd, std::string_view head);
    [[nodiscard]] static bool is_unfound(const Entry& entry);
    void bound();

    const std::string source_;
    record::PositionStore* const positions_;
    Entries entries_;  ///< by inode
};

}  // namespace aep::source
