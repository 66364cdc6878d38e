#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// Looking a record's keys up is a third of what validating it costs, hence this: field names are short, and
/// a call to a general hash and to memcmp takes longer than the work itself.
static_assert(std::endian::native == std::endian::little);

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

/// The first bytes of a key as words, filled up with zeros: with the size they are all of a short key.
struct KeyWords {
    static constexpr std::size_t kBytes = 16;

    std::uint64_t first = 0;
    std::uint64_t second = 0;

    KeyWords() = default;
    explicit KeyWords(std::string_view key) {
        std::array<char, kBytes> bytes{};
        std::memcpy(bytes.data(), key.data(), std::min(key.size(), kBytes));
        first = detail::load<std::uint64_t>(bytes.data());
        second = detail::load<std::uint64_t>(bytes.data() + 8);
    }
    /// Of a key behind which kBytes more may be read, whatever they are: takes no branches.
    static KeyWords of_padded(std::string_view key) {
        KeyWords words;
        words.first = detail::load<std::uint64_t>(key.data()) & mask(key.size());
        words.second =
            detail::load<std::uint64_t>(key.data() + 8) & mask(key.size() < 8 ? 0 : key.size() - 8);
        return words;
    }

    /// Longer keys that differ only behind their first bytes share a hash, which costs a comparison each.
    /// Only the author of a schema can arrange that, as the tables hold its keys.
    [[nodiscard]] std::uint64_t hash(std::size_t size) const {
        return detail::mixed(first ^ 0x9E3779B97F4A7C15U, second ^ 0xD6E8FEB86659FD93U ^ (size << 56U));
    }
    bool operator==(const KeyWords&) const = default;

  private:
    /// The lowest `bytes` bytes of a word, which hold the first characters.
    static std::uint64_t mask(std::size_t bytes) {
        const std::uint64_t all = ~std::uint64_t{0};
        return bytes >= 8 ? all : ~(all << (8 * (bytes & 7U)));
    }
};

}  // namespace aep::xdm
