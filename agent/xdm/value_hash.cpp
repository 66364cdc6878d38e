#include "xdm/value_hash.hpp"

#include <cmath>
#include <optional>
#include <random>
#include <string>

namespace aep::xdm {
namespace {

struct Whole {
    bool negative = false;
    std::uint64_t magnitude = 0;
};

/// The number as a 64-bit integer, where it is one.
std::optional<Whole> whole_of(const Number& number) {
    switch (number.kind) {
        case ValueKind::Integer: {
            const auto bits = static_cast<std::uint64_t>(number.integer);
            return number.integer < 0 ? Whole{true, 0 - bits} : Whole{false, bits};
        }
        case ValueKind::Unsigned:
            return Whole{false, number.unsigned_integer};
        case ValueKind::Real: {
            constexpr double kExact = 9007199254740992.0;  // 2^53
            if (std::abs(number.real) > kExact || std::trunc(number.real) != number.real) return std::nullopt;
            return Whole{number.real < 0, static_cast<std::uint64_t>(std::abs(number.real))};
        }
        default:
            return std::nullopt;
    }
}

}  // namespace

std::uint64_t value_hash_seed() {
    static const std::uint64_t seed = [] {
        std::random_device device;
        return (std::uint64_t{device()} << 32U) ^ device();
    }();
    return seed;
}

namespace detail {

ValueHash hash_number(const Number& number, std::uint64_t seed) {
    std::optional<Whole> whole = whole_of(number);
    Decimal decimal;
    if (!whole) {
        decimal = to_decimal(number);
        // 1e17 is 100000000000000000.
        constexpr std::int64_t kMostDigits = 20;
        if (decimal.is_integer() &&
            static_cast<std::int64_t>(decimal.digits.size()) + decimal.exponent <= kMostDigits) {
            std::uint64_t magnitude = 0;
            bool fits = true;
            const auto add = [&](std::uint64_t digit) {
                fits = fits && !__builtin_mul_overflow(magnitude, std::uint64_t{10}, &magnitude) &&
                       !__builtin_add_overflow(magnitude, digit, &magnitude);
            };
            for (const char digit : decimal.digits) add(static_cast<std::uint64_t>(digit - '0'));
            for (std::int64_t i = 0; i < decimal.exponent; ++i) add(0);
            if (fits) whole = Whole{decimal.negative, magnitude};
        }
    }
    if (whole) return hash_words(HashTag::Whole, {whole->magnitude, whole->negative ? 1U : 0U, 0, 0}, seed);
    const ValueHash digits = hash_bytes(HashTag::Decimal, decimal.digits_view(), seed);
    return hash_words(
        HashTag::Decimal,
        {digits.low, digits.high, static_cast<std::uint64_t>(decimal.exponent), decimal.negative ? 1U : 0U},
        seed);
}

}  // namespace detail
}  // namespace aep::xdm
