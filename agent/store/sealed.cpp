#include "store/sealed.hpp"

#include <xxhash.h>

#include <algorithm>
#include <chrono>

namespace aep::store {

std::string seal(std::uint32_t format, std::string_view payload) {
    FieldWriter head;
    head.u32(format);
    head.u64(XXH3_64bits_withSeed(payload.data(), payload.size(), format));
    std::string value = head.bytes();
    value += payload;
    return value;
}

std::optional<Unsealed> unseal(std::string_view value) {
    if (value.size() < kSealBytes) return std::nullopt;
    FieldReader head{value.substr(0, kSealBytes)};
    Unsealed found;
    found.format = head.u32();
    const std::uint64_t checksum = head.u64();
    found.payload = value.substr(kSealBytes);
    found.intact = XXH3_64bits_withSeed(found.payload.data(), found.payload.size(), found.format) == checksum;
    return found;
}

void FieldWriter::number(std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) bytes_ += static_cast<char>((value >> (8 * i)) & 0xFFU);
}

void FieldWriter::text(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
}

std::uint64_t FieldReader::number(unsigned bytes) {
    if (bytes_.size() < bytes) {
        ok_ = false;
        bytes_ = {};
        return 0;
    }
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) {
        value |= std::uint64_t{static_cast<unsigned char>(bytes_[i])} << (8 * i);
    }
    bytes_.remove_prefix(bytes);
    return value;
}

std::string_view FieldReader::text() {
    const std::uint32_t size = u32();
    if (bytes_.size() < size) {
        ok_ = false;
        bytes_ = {};
        return {};
    }
    const std::string_view value = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return value;
}

void FieldWriter::time(base::WallTime value) {
    const auto since = std::chrono::floor<std::chrono::milliseconds>(value.time_since_epoch());
    u64(static_cast<std::uint64_t>(std::max<std::int64_t>(0, since.count())));
}

base::WallTime FieldReader::time() {
    constexpr auto kMost =
        std::chrono::floor<std::chrono::milliseconds>(base::WallTime::max().time_since_epoch()).count();
    const std::uint64_t millis = u64();
    if (millis > static_cast<std::uint64_t>(kMost)) return base::WallTime{};
    return base::WallTime{std::chrono::milliseconds{static_cast<std::int64_t>(millis)}};
}

}  // namespace aep::store
