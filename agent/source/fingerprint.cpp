#include "source/fingerprint.hpp"

#include <xxhash.h>

#include <utility>

#include "source/read_at.hpp"

namespace aep::source {

base::Result<std::string> first_bytes_of(int fd) {
    std::string head(kFingerprintBytes, '\0');
    const base::Result<std::size_t> got = read_at(fd, head.data(), head.size(), 0);
    if (!got) return got.error();
    head.resize(*got);
    return base::ok(std::move(head));
}

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
