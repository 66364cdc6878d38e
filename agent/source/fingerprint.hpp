#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "record/position_store.hpp"

namespace aep::source {

/// At most so many first bytes of a file tell it from another one.
inline constexpr std::size_t kFingerprintBytes = 1024;

/// The first bytes of the file, at most kFingerprintBytes.
[[nodiscard]] base::Result<std::string> first_bytes_of(int fd);

/// Of a file that begins with `bytes`.
[[nodiscard]] record::Fingerprint fingerprint_of(std::string_view bytes);

/// Whether a file that begins with `head` (all of it, or at least kFingerprintBytes) can be the one that
/// `fingerprint` was taken of, when that may have grown since.
[[nodiscard]] bool continues(const record::Fingerprint& fingerprint, std::string_view head);

}  // namespace aep::source
