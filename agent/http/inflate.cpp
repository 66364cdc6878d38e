#include "http/inflate.hpp"

#define ZLIB_CONST
#include <zlib.h>

#include <array>

namespace aep::http {
namespace {

constexpr int kGzipOrZlib = MAX_WBITS + 32;  // found out by zlib
constexpr int kBare = -MAX_WBITS;            // what some servers call deflate

std::optional<std::string> inflate_as(std::string_view coded, std::size_t limit, int window_bits) {
    z_stream stream{};
    if (inflateInit2(&stream, window_bits) != Z_OK) return std::nullopt;
    stream.next_in = reinterpret_cast<const Bytef*>(coded.data());
    stream.avail_in = static_cast<uInt>(coded.size());
    std::string plain;
    std::array<char, 16384> part{};
    int result = Z_OK;
    while (result == Z_OK && plain.size() <= limit) {
        stream.next_out = reinterpret_cast<Bytef*>(part.data());
        stream.avail_out = part.size();
        result = ::inflate(&stream, Z_NO_FLUSH);
        plain.append(part.data(), part.size() - stream.avail_out);
    }
    const bool whole = result == Z_STREAM_END && stream.avail_in == 0 && plain.size() <= limit;
    inflateEnd(&stream);
    if (!whole) return std::nullopt;
    return plain;
}

}  // namespace

std::optional<std::string> inflate(std::string_view coded, std::size_t limit) {
    auto plain = inflate_as(coded, limit, kGzipOrZlib);
    return plain ? plain : inflate_as(coded, limit, kBare);
}

}  // namespace aep::http
