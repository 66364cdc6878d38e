#pragma once

#include <chrono>
#include <filesystem>

namespace aep::e2e {

/// Writes what `aep-agent inlet --identity-file` takes: a key and a certificate for localhost that signs
/// itself, valid until `until` from now (in the past: expired).
void write_identity(const std::filesystem::path& file, std::chrono::seconds until);

}  // namespace aep::e2e
