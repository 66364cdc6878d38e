#include "source/gzip_stream.hpp"

#include <fmt/format.h>

#include <cstring>
#include <new>

#include "source/read_at.hpp"

namespace aep::source {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr unsigned char kMagic[] = {0x1F, 0x8B};
constexpr std::size_t kTrailer = 8;  ///< CRC32 and ISIZE

}  // namespace

GzipStream::GzipStream() {
    stream_.next_in = input_.data();
    if (::inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc{};
}

GzipStream::~GzipStream() {
    ::inflateEnd(&stream_);
}

base::Result<std::size_t> GzipStream::read(int fd, char* bytes, std::size_t size) {
    state_ = state_ == State::Ended ? State::Ended : State::Inside;
    stream_.next_out = reinterpret_cast<unsigned char*>(bytes);
    stream_.avail_out = static_cast<uInt>(size);
    while (stream_.avail_out > 0 && state_ == State::Inside) {
        if (stream_.avail_in == 0) {
            const base::Result<bool> more = refill(fd);
            if (!more) return more.error();
            if (!*more) {
                state_ = State::Starved;
                break;
            }
        }
        const int result = ::inflate(&stream_, Z_NO_FLUSH);
        if (result == Z_STREAM_END) {
            const base::Result<bool> more = next_member(fd);
            if (!more) return more.error();
            if (!*more) state_ = State::Ended;
        } else if (result == Z_MEM_ERROR) {
            throw std::bad_alloc{};
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return broken();
        }
    }
    return size - stream_.avail_out;
}

/// False: the file has no more.
base::Result<bool> GzipStream::refill(int fd) {
    std::memmove(input_.data(), stream_.next_in, stream_.avail_in);
    const base::Result<std::size_t> got =
        read_at(fd, reinterpret_cast<char*>(input_.data()) + stream_.avail_in,
                input_.size() - stream_.avail_in, offset_);
    if (!got) return got.error();
    stream_.next_in = input_.data();
    stream_.avail_in += static_cast<uInt>(*got);
    offset_ += *got;
    return *got > 0;
}

base::Result<bool> GzipStream::next_member(int fd) {
    if (stream_.avail_in < sizeof kMagic) {
        const base::Result<bool> more = refill(fd);
        if (!more) return more.error();
    }
    if (stream_.avail_in < sizeof kMagic || std::memcmp(stream_.next_in, kMagic, sizeof kMagic) != 0) {
        return false;
    }
    ::inflateReset(&stream_);
    return true;
}

base::Error GzipStream::broken() const {
    return base::Error{fmt::format("not a valid gzip file at byte {} ({})", consumed(),
                                   stream_.msg == nullptr ? "damaged" : stream_.msg)};
}

base::Result<std::string> gzip_head(int fd, std::size_t size) {
    GzipStream stream;
    std::string head(size, '\0');
    const base::Result<std::size_t> got = stream.read(fd, head.data(), size);
    if (!got) return got.error();
    head.resize(*got);
    return base::ok(std::move(head));
}

base::Result<std::uint32_t> gzip_length(int fd, std::uint64_t file_size) {
    if (file_size < kTrailer) return base::Error{"too short for a gzip file"};
    std::array<unsigned char, 4> bytes{};
    const base::Result<std::size_t> got =
        read_at(fd, reinterpret_cast<char*>(bytes.data()), bytes.size(), file_size - bytes.size());
    if (!got) return got.error();
    if (*got < bytes.size()) return base::Error{"read: the file is shorter than its size"};
    std::uint32_t length = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) length = length << 8U | bytes[i];
    return length;
}

}  // namespace aep::source
