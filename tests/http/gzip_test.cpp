#include "http/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace aep::http {
namespace {

std::string unpacked(const std::string& packed, std::size_t room) {
    std::string text(room, '\0');
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    std::string input = packed;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    text.resize(stream.total_out);
    inflateEnd(&stream);
    return text;
}

TEST(Gzip, PacksOneTextAfterTheOther) {
    Gzip gzip;
    std::string noise(900'000, '\0');  // that nothing makes smaller
    std::uint32_t state = 7;
    for (char& c : noise) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24U);
    for (const std::string& text :
         {std::string{}, std::string{"{}"}, std::string(900'000, 'x'), noise, std::string{"again"}}) {
        const std::string packed = gzip.pack(text);
        EXPECT_TRUE(unpacked(packed, text.size() + 1) == text) << text.size();
    }
    EXPECT_LT(gzip.pack(std::string(900'000, 'x')).size(), 10'000U);
}

}  // namespace
}  // namespace aep::http
