#include "xdm/content_hash.hpp"

#include <xxhash.h>

#include <cstddef>
#include <cstring>
#include <string>

namespace aep::xdm {
namespace {

HexId to_hex(XXH128_hash_t hash) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    HexId hex{};
    for (std::size_t i = 0; i < 16; ++i) {
        hex[15 - i] = kDigits[(hash.high64 >> (4 * i)) & 0xFU];
        hex[31 - i] = kDigits[(hash.low64 >> (4 * i)) & 0xFU];
    }
    return hex;
}

}  // namespace

IdSeed make_id_seed(std::string_view agent_id, std::string_view source_id, std::string_view generation) {
    // Each part with its length, so that no two lists of parts give the same text.
    std::string text;
    for (const std::string_view part : {agent_id, source_id, generation}) {
        text += std::to_string(part.size());
        text += ':';
        text += part;
    }
    const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
    return {.low = hash.low64, .high = hash.high64};
}

HexId content_hash(const IdSeed& seed, std::uint64_t position, std::string_view bytes) {
    // Hashing the long part alone and then 40 bytes is faster than one hash in parts, and keeps all 128 bits
    // of the seed (XXH3's own seed has 64).
    const XXH128_hash_t content = XXH3_128bits(bytes.data(), bytes.size());
    const std::array<std::uint64_t, 5> key{seed.low, seed.high, position, content.low64, content.high64};
    return to_hex(XXH3_128bits(key.data(), sizeof key));
}

HexId hash_hex(std::string_view bytes) {
    return to_hex(XXH3_128bits(bytes.data(), bytes.size()));
}

}  // namespace aep::xdm
