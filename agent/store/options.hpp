#pragma once

#include <cstdint>
#include <filesystem>

namespace aep::store {

/// `dead_letter:`. When max_bytes are reached, records wait (`when_full: hold`) until someone makes room.
struct DeadLetterOptions {
    std::filesystem::path dir = "dead-letter";  ///< absolute when it reaches the writer
    std::uint64_t max_bytes = std::uint64_t{1} << 30U;
};

}  // namespace aep::store
