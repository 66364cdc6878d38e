#pragma once

#include <cstdint>
#include <filesystem>

namespace aep::store {

/// `dead_letter.when_full`: what happens when the files have reached max_bytes.
enum class WhenFull : std::uint8_t {
    Hold,        ///< records wait until someone makes room
    DropOldest,  ///< the oldest closed files go, whole, counted and logged
};

/// `dead_letter:`.
struct DeadLetterOptions {
    std::filesystem::path dir = "dead-letter";  ///< absolute when it reaches the writer
    std::uint64_t max_bytes = std::uint64_t{1} << 30U;
    WhenFull when_full = WhenFull::Hold;
    friend bool operator==(const DeadLetterOptions&, const DeadLetterOptions&) = default;
};

/// `receipts:`. The oldest files go when max_bytes are reached.
struct ReceiptOptions {
    std::filesystem::path dir = "receipts";  ///< absolute when it reaches the writer
    std::uint64_t max_bytes = std::uint64_t{256} << 20U;
    friend bool operator==(const ReceiptOptions&, const ReceiptOptions&) = default;
};

}  // namespace aep::store
