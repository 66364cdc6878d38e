#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Byte sizes: literals, and the spelling used in configuration and messages. KB and MB are decimal, KiB, MiB
/// and GiB binary.
namespace aep::base {

constexpr std::uint64_t operator""_KiB(unsigned long long n) {
    return n << 10U;
}
constexpr std::uint64_t operator""_MiB(unsigned long long n) {
    return n << 20U;
}
constexpr std::uint64_t operator""_GiB(unsigned long long n) {
    return n << 30U;
}

/// "900KB", "1MiB", "512" (bytes). Nothing on a wrong unit, a sign, a fraction or overflow.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);

/// The shortest exact spelling that parse_bytes reads back: 1048576 -> "1MiB", 900000 -> "900KB".
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

/// For people, rounded: 1536 -> "1.5 KiB".
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);

}  // namespace aep::base
