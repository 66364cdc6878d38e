#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "base/result.hpp"
#include "store/stored_letter.hpp"

namespace aep::store {

/// Takes letters out of a closed file for good, beside a running daemon and other commands: the file is held
/// meanwhile, and either the old or the new one is there whole whenever the machine stops. A file that would
/// be empty goes. The error's code is EAGAIN where another process holds the file.
struct Purged {
    std::uint64_t letters = 0;  ///< that went, or with `dry_run` would go
    std::uint64_t bytes = 0;
};
/// `goes` chooses; lines that are no letters (null) are asked for as well. Letters that were replayed go with
/// the others and are not counted; where no other goes, they stay.
[[nodiscard]] base::Result<Purged> purge_letters(const std::filesystem::path& file,
                                                 const std::function<bool(const StoredLetter*)>& goes,
                                                 bool dry_run);

}  // namespace aep::store
