#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>

#include "base/result.hpp"
#include "source/descriptor.hpp"
#include "source/scanner.hpp"

namespace aep::source {

/// A descriptor of the file for reading, apart from all others. ESTALE where `path` is another file by now.
[[nodiscard]] base::Result<Descriptor> open_checked(const FileIdentity& identity, const std::string& path);

/// The descriptors of a source's files. The sources of a process together use at most half of those that the
/// system allows (RLIMIT_NOFILE), each an equal part. Where more files are read, some are closed and opened
/// again when needed: those that have nothing unread before the others, and of each kind those that were
/// used longest ago. Confined; only the count of the instances is shared.
class OpenFiles {
  public:
    OpenFiles();
    ~OpenFiles();
    OpenFiles(const OpenFiles&) = delete;
    OpenFiles& operator=(const OpenFiles&) = delete;

    /// A descriptor for reading the file, valid until the next call. An error where it cannot be opened
    /// (EMFILE: every descriptor is pinned), or where `path` is another file by now (ESTALE).
    [[nodiscard]] base::Result<int> open(const FileIdentity& identity, const std::string& path);
    [[nodiscard]] bool is_open(const FileIdentity& identity) const { return by_identity_.contains(identity); }
    void close(const FileIdentity& identity);
    /// The file has been read to its end: others may have its descriptor. Until it is opened again.
    void set_idle(const FileIdentity& identity);
    /// The file has lost its name: once closed it could not be opened again, so it is not closed to make
    /// room.
    void pin(const FileIdentity& identity);
    void unpin(const FileIdentity& identity);
    [[nodiscard]] std::size_t size() const { return by_identity_.size(); }
    /// How many may be open at present.
    [[nodiscard]] std::size_t limit() const;

  private:
    struct Entry {
        FileIdentity identity;
        Descriptor descriptor;
        bool pinned = false;
        bool idle = false;
    };
    using Entries = std::list<Entry>;

    [[nodiscard]] bool make_room();
    [[nodiscard]] bool close_one_of(Entries& entries);
    [[nodiscard]] Entries& list_of(const Entry& entry) { return entry.idle ? idle_ : busy_; }

    const std::size_t process_limit_;
    Entries busy_;  ///< may have something unread; the last used first
    Entries idle_;  ///< the same of the rest
    std::map<FileIdentity, Entries::iterator> by_identity_;
};

}  // namespace aep::source
