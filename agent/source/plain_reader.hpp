#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string_view>

#include "source/file_reader.hpp"

namespace aep::source {

/// Reads a file to which bytes are appended. While nothing is, it holds no buffer: the bytes of an incomplete
/// record are read again once the record is complete. Every read is followed, before anything is handed over,
/// by a look at the file's first bytes: those of another file are never taken for a continuation of this one,
/// however long it is, where a different byte among the first kFingerprintBytes gives it away.
class PlainReader final : public FileReader {
  public:
    using FileReader::FileReader;

    /// Where a file is begun that is read from its end: behind its last line end, so that a line which is not
    /// complete yet is read whole when it is. At the end itself where the last `max_record` bytes hold no
    /// line end.
    [[nodiscard]] static base::Result<std::uint64_t> end_of_last_line(int fd, std::uint64_t size,
                                                                      std::size_t max_record);

    [[nodiscard]] Step read(const std::stop_token& stop) override;
    [[nodiscard]] bool has_changed(const FoundFile& file) const override;

  private:
    [[nodiscard]] bool at_end(std::uint64_t size) const;
    [[nodiscard]] bool worth_looking_first(std::uint64_t size) const;
    [[nodiscard]] base::Result<bool> look_at_appended(int fd, std::uint64_t size);
    [[nodiscard]] Step read_block(int fd, std::uint64_t size, const std::stop_token& stop);
    [[nodiscard]] base::Result<bool> is_still_itself(int fd, std::uint64_t size, std::string_view read);
    [[nodiscard]] Step rest(int fd, std::uint64_t size);
};

}  // namespace aep::source
