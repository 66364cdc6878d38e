#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace aep::xdm {

/// What an integer of a `meta:xdmType` can be (xdm-rules, section 6): two's complement; a long is exact in a
/// double.
struct IntegerStorage {
    std::string_view type;
    std::int64_t lowest;
    std::int64_t highest;
};

inline constexpr std::array<IntegerStorage, 4> kIntegerStorage{{
    {"byte", -128, 127},
    {"short", -32768, 32767},
    {"int", -2147483648, 2147483647},
    {"long", -9007199254740992, 9007199254740992},
}};

/// Null for types of anything else.
[[nodiscard]] constexpr const IntegerStorage* integer_storage(std::string_view type) {
    for (const IntegerStorage& storage : kIntegerStorage) {
        if (storage.type == type) return &storage;
    }
    return nullptr;
}

}  // namespace aep::xdm
