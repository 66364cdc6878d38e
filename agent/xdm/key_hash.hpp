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
        const std::size_t size = std::min(key.size(), kBytes);
        KeyWords words;
        words.first = detail::load<std::uint64_t>(key.data()) & kMasks[size + 8];
        words.second = detail::load<std::uint64_t>(key.data() + 8) & kMasks[size];
        return words;
    }

    /// The upper bits are the better ones. Which multiplier suits the keys of a table is found by trying.
    /// Longer keys that differ only behind their first bytes share a hash, which costs a comparison each:
    /// only the author of a schema can arrange that, as the tables hold its keys.
    [[nodiscard]] std::uint64_t hash(std::uint64_t multiplier) const {
        return (first ^ std::rotl(second, 29)) * multiplier;
    }
    bool operator==(const KeyWords&) const = default;

  private:
    /// The mask at 8 + n keeps the first n bytes of a word: none from 8 down, all from 16 up.
    static constexpr std::array<std::uint64_t, 25> kMasks = [] {
        std::array<std::uint64_t, 25> masks{};
        for (unsigned i = 0; i < masks.size(); ++i) {
            masks[i] = i <= 8 ? 0 : i >= 16 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} << (8 * (i - 8)));
        }
        return masks;
    }();
};

}  // namespace aep::xdm
