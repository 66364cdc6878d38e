#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>

#include "base/result.hpp"
#include "source/descriptor.hpp"
#include "source/scanner.hpp"

namespace aep::source {

/// The descriptors of a source's files, at most kMax of them: where more files are read, those that were used
/// longest ago are closed and opened again when needed. Confined.
class OpenFiles {
  public:
    static constexpr std::size_t kMax = 512;

    /// A descriptor for reading the file, valid until the next call. An error where it cannot be opened, or
    /// where `path` is another file by now (then the code is ESTALE).
    [[nodiscard]] base::Result<int> open(const FileIdentity& identity, const std::string& path);
    [[nodiscard]] bool is_open(const FileIdentity& identity) const { return by_identity_.contains(identity); }
    void close(const FileIdentity& identity);
    /// The file has lost its name: once closed it could not be opened again, so it is not closed to make
    /// room.
    void pin(const FileIdentity& identity);
    [[nodiscard]] std::size_t size() const { return by_identity_.size(); }

  private:
    void make_room();

    struct Entry {
        FileIdentity identity;
        Descriptor descriptor;
        bool pinned = false;
    };
    using Entries = std::list<Entry>;

    Entries entries_;  ///< the last used first
    std::map<FileIdentity, Entries::iterator> by_identity_;
};

}  // namespace aep::source
