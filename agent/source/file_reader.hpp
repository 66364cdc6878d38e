#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "source/framer.hpp"
#include "source/intake.hpp"
#include "source/open_files.hpp"
#include "source/readers.hpp"
#include "source/scanner.hpp"

namespace aep::source {

/// What the readers of one source share. Outlives them.
struct ReaderContext {
    const SourceOptions& options;
    Intake& intake;
    Readers& readers;
    OpenFiles& files;
};

/// Reads one file, whatever its name is at the time. While nothing is appended it holds no buffer: the bytes
/// of an incomplete record are read again once the record is complete. A file that became shorter is a new
/// generation, read from its beginning. Confined.
class FileReader {
  public:
    enum class Step {
        More,     ///< a Block was handed over and there is more to read
        AtEnd,    ///< everything that can be read now has been
        Stopped,  ///< asked to stop while waiting for memory
        Failed,   ///< see error()
    };

    /// Where a file is begun that is read from its end: behind its last line end, so that a line which is not
    /// complete yet is read whole when it is. At the end itself where the last `max_record` bytes hold no
    /// line end.
    [[nodiscard]] static base::Result<std::uint64_t> end_of_last_line(int fd, std::uint64_t size,
                                                                      std::size_t max_record);

    FileReader(ReaderContext& context, const FoundFile& file, std::string generation, std::uint64_t position);
    ~FileReader();
    FileReader(const FileReader&) = delete;
    FileReader& operator=(const FileReader&) = delete;

    /// Reads what was appended, at most one Block. Waits for memory only.
    [[nodiscard]] Step read(const std::stop_token& stop);

    /// The file will not be continued: from now on its end also ends its last record.
    void expect_no_more() { ends_ = true; }
    [[nodiscard]] bool expects_no_more() const { return ends_; }
    void rename(const std::string& path) { path_ = path; }

    [[nodiscard]] const FileIdentity& identity() const { return identity_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::uint64_t scanned() const { return framer_.scanned(); }
    /// Bytes known to exist that no record has been made of.
    [[nodiscard]] std::uint64_t unread() const;
    [[nodiscard]] const base::Error& error() const { return error_; }

  private:
    [[nodiscard]] bool at_end(std::uint64_t size) const;
    [[nodiscard]] bool worth_looking_first(std::uint64_t size) const;
    [[nodiscard]] base::Result<bool> look_at_appended(int fd, std::uint64_t size);
    [[nodiscard]] Step read_block(int fd, std::uint64_t size, const std::stop_token& stop);
    [[nodiscard]] Step fail(base::Error error);
    void begin_generation(std::string generation, std::uint64_t position);
    void begin_again(std::uint64_t size);

    ReaderContext& context_;
    const FileIdentity identity_;
    std::string path_;
    Framer framer_;
    std::shared_ptr<ReaderState> state_;  ///< shared with Readers
    bool ends_ = false;
    base::Error error_;
};

}  // namespace aep::source
