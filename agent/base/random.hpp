#pragma once

#include <string>

namespace aep::base {

/// 128 random bits from the system's cryptographic generator as 32 lower-case hex digits. Free-threaded.
[[nodiscard]] std::string random_hex128();

/// A random (version 4) UUID, RFC 9562. Free-threaded.
[[nodiscard]] std::string random_uuid();

}  // namespace aep::base
