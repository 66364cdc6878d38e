#include "base/bytes.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace aep::base {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t bytes;
};

// Binary units first, so that format_bytes prefers them where both are exact and equally short.
constexpr std::array kUnits{Unit{"GiB", 1_GiB},        Unit{"MiB", 1_MiB},    Unit{"KiB", 1_KiB},
                            Unit{"GB", 1'000'000'000}, Unit{"MB", 1'000'000}, Unit{"KB", 1'000}};

}  // namespace

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
    std::uint64_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view unit{rest, static_cast<std::size_t>(text.data() + text.size() - rest)};
    if (unit.empty() || unit == "B") return number;
    for (const Unit& known : kUnits) {
        if (unit != known.name) continue;
        if (number > std::numeric_limits<std::uint64_t>::max() / known.bytes) return std::nullopt;
        return number * known.bytes;
    }
    return std::nullopt;
}

std::string format_bytes(std::uint64_t bytes) {
    std::string shortest;
    for (const Unit& unit : kUnits) {
        if (bytes == 0 || bytes % unit.bytes != 0) continue;
        std::string spelled = fmt::format("{}{}", bytes / unit.bytes, unit.name);
        if (shortest.empty() || spelled.size() < shortest.size()) shortest = std::move(spelled);
    }
    return shortest.empty() ? std::to_string(bytes) : shortest;
}

std::string human_bytes(std::uint64_t bytes) {
    for (std::size_t i = 0; i < 3; ++i) {
        if (bytes >= kUnits[i].bytes) {
            return fmt::format("{:.1f} {}", static_cast<double>(bytes) / static_cast<double>(kUnits[i].bytes),
                               kUnits[i].name);
        }
    }
    return fmt::format("{} B", bytes);
}

}  // namespace aep::base
