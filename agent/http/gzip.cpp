#include "http/gzip.hpp"

#include <zlib.h>

#include <new>

namespace aep::http {

struct Gzip::State {
    State() {
        constexpr int kGzip = 16 + MAX_WBITS;  // the largest window, in gzip's form
        constexpr int kMemory = 8;
        if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
            throw std::bad_alloc{};
        }
    }
    ~State() { deflateEnd(&stream); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    z_stream stream{};
};

Gzip::Gzip() : state_{std::make_unique<State>()} {}
Gzip::~Gzip() = default;

std::string Gzip::pack(std::string_view text) {
    z_stream& stream = state_->stream;
    deflateReset(&stream);
    // zlib does not write to its input, but does not say so.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    std::string packed(text.size() / 4 + 1024, '\0');
    std::size_t size = 0;
    for (;;) {
        stream.next_out = reinterpret_cast<Bytef*>(packed.data() + size);
        stream.avail_out = static_cast<uInt>(packed.size() - size);
        const int result = deflate(&stream, Z_FINISH);
        size = packed.size() - stream.avail_out;
        if (result == Z_STREAM_END) break;
        packed.resize(packed.size() * 2);
    }
    packed.resize(size);
    return packed;
}

}  // namespace aep::http
