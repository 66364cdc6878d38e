#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "xdm/number.hpp"
#include "xdm/value_view.hpp"

namespace aep::xdm {

/// What equal JSON values have in common, and, but for one chance in 2^64 and more, no others: 1 and 1.0 are
/// equal, members may stand in any order. That answers `enum`, `const` and `uniqueItems` in time linear in
/// the value's size. The seed is random in each process, so that nobody can prepare two values of one hash.
struct ValueHash {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    bool operator==(const ValueHash&) const = default;
    bool operator<(const ValueHash& other) const {
        return high != other.high ? high < other.high : low < other.low;
    }
};

/// Deep enough for every value that gets this far.
inline constexpr std::size_t kHashedLevels = 1000;

/// Random, one for the process.
[[nodiscard]] std::uint64_t value_hash_seed();

namespace detail {

enum class HashTag : std::uint64_t { Null, False, True, Whole, Decimal, String, Array, Object, TooDeep };

inline ValueHash hash_bytes(HashTag tag, std::string_view bytes, std::uint64_t seed) {
    const XXH128_hash_t hash =
        XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed + static_cast<std::uint64_t>(tag));
    return {hash.low64, hash.high64};
}

inline ValueHash hash_words(HashTag tag, const std::array<std::uint64_t, 4>& words, std::uint64_t seed) {
    const XXH128_hash_t hash =
        XXH3_128bits_withSeed(words.data(), sizeof words, seed + static_cast<std::uint64_t>(tag));
    return {hash.low64, hash.high64};
}

/// Of a number of any kind, by its value.
[[nodiscard]] ValueHash hash_number(const Number& number, std::uint64_t seed);

}  // namespace detail

/// What lies deeper than `levels` does not tell values apart.
template <ValueView V>
[[nodiscard]] ValueHash hash_value(V value, std::uint64_t seed, std::size_t levels = kHashedLevels) {
    using detail::HashTag;
    switch (value.kind()) {
        case ValueKind::Null:
            return detail::hash_words(HashTag::Null, {}, seed);
        case ValueKind::Boolean:
            return detail::hash_words(value.boolean() ? HashTag::True : HashTag::False, {}, seed);
        case ValueKind::String:
            return detail::hash_bytes(HashTag::String, value.text(), seed);
        case ValueKind::Array: {
            if (levels == 0) return detail::hash_words(HashTag::TooDeep, {}, seed);
            ValueHash hash = detail::hash_words(HashTag::Array, {}, seed);
            value.for_each_item([&](V item) {
                const ValueHash next = hash_value(item, seed, levels - 1);
                hash = detail::hash_words(HashTag::Array, {hash.low, hash.high, next.low, next.high}, seed);
                return true;
            });
            return hash;
        }
        case ValueKind::Object: {
            if (levels == 0) return detail::hash_words(HashTag::TooDeep, {}, seed);
            // A sum does not depend on the order.
            ValueHash sum;
            std::uint64_t count = 0;
            value.for_each_member([&](std::string_view key, V member) {
                const ValueHash name = detail::hash_bytes(HashTag::String, key, seed);
                const ValueHash content = hash_value(member, seed, levels - 1);
                const ValueHash both = detail::hash_words(
                    HashTag::Object, {name.low, name.high, content.low, content.high}, seed);
                sum.low += both.low;
                sum.high += both.high;
                ++count;
                return true;
            });
            return detail::hash_words(HashTag::Object, {sum.low, sum.high, count, 1}, seed);
        }
        default:
            return detail::hash_number(number_of(value), seed);
    }
}

}  // namespace aep::xdm
