#include "base/duration.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace aep::base {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t millis;
};

constexpr std::array kUnits{Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000}, Unit{"ms", 1}};

}  // namespace

std::optional<Millis> parse_duration(std::string_view text) {
    if (text.empty() || text.front() == '-') return std::nullopt;
    std::int64_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view name{rest, static_cast<std::size_t>(text.data() + text.size() - rest)};
    if (name.empty() && number == 0) return Millis{0};
    for (const Unit& unit : kUnits) {
        if (name != unit.name) continue;
        if (number > std::numeric_limits<std::int64_t>::max() / unit.millis) return std::nullopt;
        return Millis{number * unit.millis};
    }
    return std::nullopt;
}

std::string format_duration(Millis duration) {
    for (const Unit& unit : kUnits) {
        if (duration.count() != 0 && duration.count() % unit.millis == 0) {
            return fmt::format("{}{}", duration.count() / unit.millis, unit.name);
        }
    }
    return "0s";
}

}  // namespace aep::base
