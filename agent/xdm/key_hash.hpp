#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// Looking a record's keys up is a third of what validating it costs, hence this: field names are short, and
/// a call to a general hash and to memcmp takes longer than the work itself.
namespace aep::xdm {
namespace detail {

template <class Word>
std::uint64_t load(const char* bytes) {
    Word word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}

inline std::uint64_t mixed(std::uint64_t left, std::uint64_t right) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{left} * right;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

}  // namespace detail

/// A key as words: up to kWhole bytes the words and the size are all of it.
struct KeyWords {
    static constexpr std::size_t kWhole = 16;

    std::uint64_t first = 0;
    std::uint64_t last = 0;

    explicit KeyWords(std::string_view key) {
        const char* bytes = key.data();
        const std::size_t size = key.size();
        if (size >= 8) {
            first = detail::load<std::uint64_t>(bytes);
            last = detail::load<std::uint64_t>(bytes + size - 8);
        } else if (size >= 4) {
            first = detail::load<std::uint32_t>(bytes);
            last = detail::load<std::uint32_t>(bytes + size - 4);
        } else if (size > 0) {
            first = detail::load<unsigned char>(bytes);
            last = detail::load<unsigned char>(bytes + size / 2) << 8U |
                   detail::load<unsigned char>(bytes + size - 1);
        }
    }
    KeyWords() = default;

    /// Longer keys that differ only in between share a hash, which costs a comparison each. Only the author
    /// of a schema can arrange that, as the tables hold its keys.
    [[nodiscard]] std::uint64_t hash(std::size_t size) const {
        return detail::mixed(first ^ 0x9E3779B97F4A7C15U, last ^ 0xD6E8FEB86659FD93U ^ (size << 56U));
    }
    bool operator==(const KeyWords&) const = default;
};

}  // namespace aep::xdm
