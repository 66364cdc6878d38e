#pragma once

#include <zlib.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace aep::source {

/// What a gzip file (RFC 1952) holds, from its beginning, in pieces. Several members count as one after the
/// other; what follows the last and is no member is ignored, as gzip(1) does. Holds about 60 KiB, however
/// large the file. Confined.
class GzipStream {
  public:
    enum class State {
        Inside,   ///< there may be more
        Ended,    ///< everything has been read
        Starved,  ///< the file ends within a member: it is still being written, or is broken off
    };

    GzipStream();
    ~GzipStream();
    GzipStream(const GzipStream&) = delete;
    GzipStream& operator=(const GzipStream&) = delete;

    /// The next bytes, at most `size`; fewer only at the end of what there is, see state(). `fd` is always
    /// the same file. An error where it is not gzip or broken; then nothing more can be read.
    [[nodiscard]] base::Result<std::size_t> read(int fd, char* bytes, std::size_t size);

    [[nodiscard]] State state() const { return state_; }
    /// Bytes of the file itself that have been taken in.
    [[nodiscard]] std::uint64_t consumed() const { return offset_ - stream_.avail_in; }

  private:
    [[nodiscard]] base::Result<bool> refill(int fd);
    [[nodiscard]] base::Result<bool> next_member(int fd);
    [[nodiscard]] base::Error broken() const;

    z_stream stream_{};
    std::array<unsigned char, 16384> input_;
    std::uint64_t offset_ = 0;  ///< of the file: where the next input comes from
    State state_ = State::Inside;
};

/// The first bytes of what a gzip file holds, at most `size`; fewer where the file has no more yet.
[[nodiscard]] base::Result<std::string> gzip_head(int fd, std::size_t size);

/// How long the last member says that its contents are, modulo 2^32 (RFC 1952, ISIZE). Of a file with one
/// member and less than 4 GiB that is the length of its contents.
[[nodiscard]] base::Result<std::uint32_t> gzip_length(int fd, std::uint64_t file_size);

}  // namespace aep::source
