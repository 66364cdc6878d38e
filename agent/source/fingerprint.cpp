#include "source/fingerprint.hpp"

#include <xxhash.h>

namespace aep::source {

record::Fingerprint fingerprint_of(std::string_view bytes) {
    const std::string_view hashed = bytes.substr(0, kFingerprintBytes);
    const XXH128_hash_t hash = XXH3_128bits(hashed.data(), hashed.size());
    return {.size = static_cast<std::uint32_t>(hashed.size()), .high = hash.high64, .low = hash.low64};
}

bool continues(const record::Fingerprint& fingerprint, std::string_view head) {
    if (fingerprint.size == 0) return true;
    return head.size() >= fingerprint.size && fingerprint_of(head.substr(0, fingerprint.size)) == fingerprint;
}

}  // namespace aep::source
