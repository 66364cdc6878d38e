#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "record/position_store.hpp"
#include "source/framer.hpp"
#include "source/intake.hpp"
#include "source/open_files.hpp"
#include "source/read_at.hpp"
#include "source/readers.hpp"
#include "source/scanner.hpp"
#include "source/trace.hpp"

namespace aep::source {

/// What the readers of one source share. Outlives them.
struct ReaderContext {
    const SourceOptions& options;
    Intake& intake;
    Readers& readers;
    OpenFiles& files;
    base::Error error = {};  ///< why the last read that failed did
};

/// One generation of a file, and where its reader begins.
struct Beginning {
    std::string generation;
    std::uint64_t position = 0;
    record::Fingerprint fingerprint;
    record::Tail tail = {};  ///< of the last record before the position, where one is known
    /// Of the generation's last reader, where some of its records are not settled yet: positions of one
    /// generation move in order. Else null.
    std::shared_ptr<record::Ledger> ledger = nullptr;
};

/// Reads one file, whatever its name is at the time; PlainReader and GzipReader say how. There may be many of
/// them, most of them idle: what is needed only while records are on their way goes with rest(). Confined.
class FileReader {
  public:
    enum class Step {
        More,      ///< there is more to read
        AtEnd,     ///< everything that can be read now has been
        Stopped,   ///< asked to stop while waiting for memory
        Moved,     ///< the name leads nowhere or to another file by now: look for it
        Replaced,  ///< truncated or written anew: what it holds now is another generation
        Broken,    ///< what it holds cannot be read, and trying again will not help; see ReaderContext::error
        Failed,    ///< see ReaderContext::error; may be tried again
    };

    FileReader(ReaderContext& context, const FoundFile& file, Beginning beginning);
    virtual ~FileReader();
    FileReader(const FileReader&) = delete;
    FileReader& operator=(const FileReader&) = delete;

    /// Reads what there is, at most one Block. Waits for memory only.
    [[nodiscard]] virtual Step read(const std::stop_token& stop) = 0;
    /// Whether a scan's word gives reason to read.
    [[nodiscard]] virtual bool has_changed(const FoundFile& file) const = 0;

    // Of files that have an end (gzip):
    /// It has been reached.
    [[nodiscard]] virtual bool complete() const { return false; }
    /// There may be more after all, because the file has changed.
    virtual void expect_change() {}
    /// Nothing of it is to be read unless it changes.
    virtual void pass_over() {}

    /// Whether the file will not be continued: then its end also ends its last record.
    void expect_no_more(bool yes = true) { ends_ = yes; }
    [[nodiscard]] bool expects_no_more() const { return ends_; }
    /// There are bytes at its end that no record has been made of, because their record is not complete.
    [[nodiscard]] bool unfinished() const { return framer_.unfinished(); }
    void rename(const std::string& path);
    /// Lets go of its Ledger, if that has nothing to wait for; the next record gets another one, of the same
    /// reader as far as others can tell.
    void rest();
    /// True: a plain file that was empty has its first bytes by now, and a fingerprint of them.
    [[nodiscard]] bool learn_first_bytes();
    /// What the file holds now is read from its beginning, as another generation.
    void begin_again(std::string generation);
    /// Reads on at `position`, which `ledger` has reached or begins at, and as the options are now.
    virtual void go_to(std::uint64_t position, std::shared_ptr<record::Ledger> ledger);

    /// These records (where they begin, ascending, behind `position`) are settled already, as well as those
    /// behind it that were before: they are not handed over again.
    void pass_over_settled(std::uint64_t position, std::vector<std::uint64_t> starts);
    [[nodiscard]] bool passes_over_settled() const {
        return settled_starts_ && handed_over() <= settled_starts_->back();
    }
    /// What begins where they began may be something else by now.
    void forget_settled() { settled_starts_.reset(); }

    [[nodiscard]] const FileIdentity& identity() const { return identity_; }
    [[nodiscard]] const std::string& path() const { return *path_; }
    [[nodiscard]] const std::shared_ptr<const std::string>& shared_path() const { return path_; }
    [[nodiscard]] const std::string& generation() const { return generation_; }
    [[nodiscard]] const record::Fingerprint& fingerprint() const { return trace_.head; }
    /// What a copy of the file would hold. Of plain files.
    [[nodiscard]] const Trace& trace() const { return trace_; }
    /// Null: everything that was read is settled.
    [[nodiscard]] const std::shared_ptr<record::Ledger>& ledger() const { return state_->ledger; }
    /// Everything that was read is settled.
    [[nodiscard]] bool settled() const { return !ledger() || ledger()->in_flight() == 0; }
    /// Every record before it is settled.
    [[nodiscard]] std::uint64_t position() const { return ledger() ? ledger()->position() : handed_over(); }
    [[nodiscard]] std::uint64_t scanned() const { return framer_.scanned(); }
    /// Every record before it has been handed over.
    [[nodiscard]] std::uint64_t handed_over() const { return framer_.yielded_to(); }
    [[nodiscard]] std::uint64_t size() const { return state_->size; }
    /// Bytes known to exist that no record has been made of.
    [[nodiscard]] std::uint64_t unread() const;
    /// No name led to it any more when it was last looked at.
    [[nodiscard]] bool deleted() const { return deleted_; }

  protected:
    [[nodiscard]] base::Result<int> open();
    [[nodiscard]] base::Result<FileStatus> look(int fd);
    [[nodiscard]] Step failed(base::Error error);
    [[nodiscard]] Step broken(base::Error error);
    /// A Block for what follows; null: asked to stop while waiting for memory.
    [[nodiscard]] record::BlockPtr open_block(std::size_t capacity, const std::stop_token& stop);
    /// Cuts a Block that begins at framer_.resume_at().
    void cut(record::Block& block, bool last) { framer_.cut(block, last); }
    void hand_over(record::BlockPtr block);
    /// False: the file that begins with `head` is another one. True: its fingerprint has grown with it.
    [[nodiscard]] bool recognises(std::string_view head);

    ReaderContext& context_;
    const FileIdentity identity_;
    Framer framer_;
    Trace trace_;
    std::shared_ptr<ReaderState> state_;  ///< shared with Readers
    base::WallTime modified_;
    bool deleted_ = false;
    bool ends_ = false;

  private:
    void begin(std::shared_ptr<record::Ledger> ledger);
    void forget_passed_settled();

    std::shared_ptr<const std::string> path_;  ///< shared with who knows the file by its name
    std::string generation_;
    std::uint64_t number_;                                              ///< of the generation's reader
    std::unique_ptr<const std::vector<std::uint64_t>> settled_starts_;  ///< mostly null
};

/// The right one for the file.
[[nodiscard]] std::unique_ptr<FileReader> make_reader(ReaderContext& context, const FoundFile& file,
                                                      Beginning beginning);

}  // namespace aep::source
