#pragma once

#include <string>

#include "base/result.hpp"
#include "http/options.hpp"

namespace aep::http {

/// The secret as it is now: a file is read anew (at most 64 KiB, less one newline at its end), so that it can
/// be exchanged while the agent runs. Errors name the file.
[[nodiscard]] base::Result<std::string> read_secret(const SecretOptions& options);

}  // namespace aep::http
