#include "xdm/number.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>

namespace aep::xdm {
namespace {

__extension__ using Wide = unsigned __int128;

/// Beyond every exponent that a text of bounded size can mean anything with.
constexpr std::int64_t kHugeExponent = std::int64_t{1} << 60U;

constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo64 = 18446744073709551616.0;

/// "-12.50e3", as RFC 8259 section 6 has it.
Decimal parse_decimal(std::string_view text) {
    Decimal out;
    std::size_t at = 0;
    if (at < text.size() && text[at] == '-') {
        out.negative = true;
        ++at;
    }
    bool behind_point = false;
    for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
        if (text[at] == '.') {
            behind_point = true;
            continue;
        }
        if (behind_point) --out.exponent;
        if (text[at] != '0' || !out.digits.empty()) out.digits.push_back(text[at]);
    }
    if (at < text.size()) {
        ++at;
        const bool negative = at < text.size() && text[at] == '-';
        if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
        std::int64_t exponent = 0;
        for (; at < text.size(); ++at) {
            exponent = std::min(exponent * 10 + (text[at] - '0'), kHugeExponent / 10);
        }
        out.exponent += negative ? -exponent : exponent;
    }
    while (!out.digits.empty() && out.digits.back() == '0') {
        out.digits.pop_back();
        ++out.exponent;
    }
    if (out.digits.empty()) return {};
    return out;
}

std::weak_ordering reversed(std::weak_ordering order) {
    if (std::is_eq(order)) return order;
    return std::is_lt(order) ? std::weak_ordering::greater : std::weak_ordering::less;
}

std::weak_ordering compare(const Decimal& left, const Decimal& right) {
    if (left.is_zero() || right.is_zero() || left.negative != right.negative) {
        const auto sign = [](const Decimal& d) { return d.is_zero() ? 0 : d.negative ? -1 : 1; };
        return sign(left) <=> sign(right);
    }
    const auto magnitude = [](const Decimal& d) {
        return static_cast<std::int64_t>(d.digits.size()) + d.exponent;
    };
    std::weak_ordering order = magnitude(left) <=> magnitude(right);
    if (std::is_eq(order)) order = left.digits_view() <=> right.digits_view();
    return left.negative ? reversed(order) : order;
}

template <class Integer>
std::weak_ordering compare_with_real(Integer integer, double real, double end) {
    if (real >= end) return std::weak_ordering::less;
    if (real < static_cast<double>(std::numeric_limits<Integer>::min())) return std::weak_ordering::greater;
    const double whole = std::trunc(real);
    const auto truncated = static_cast<Integer>(whole);
    if (integer != truncated) return integer <=> truncated;
    return whole < real   ? std::weak_ordering::less
           : whole > real ? std::weak_ordering::greater
                          : std::weak_ordering::equivalent;
}

/// Neither is Big.
std::weak_ordering compare_small(const Number& left, const Number& right) {
    if (left.kind == ValueKind::Real && right.kind == ValueKind::Real) {
        return left.real < right.real   ? std::weak_ordering::less
               : left.real > right.real ? std::weak_ordering::greater
                                        : std::weak_ordering::equivalent;
    }
    if (right.kind == ValueKind::Real) {
        return left.kind == ValueKind::Integer
                   ? compare_with_real(left.integer, right.real, kTwoTo63)
                   : compare_with_real(left.unsigned_integer, right.real, kTwoTo64);
    }
    if (left.kind == ValueKind::Real) return reversed(compare_small(right, left));
    if (left.kind == right.kind) {
        return left.kind == ValueKind::Integer ? std::weak_ordering{left.integer <=> right.integer}
                                               : left.unsigned_integer <=> right.unsigned_integer;
    }
    // An Unsigned is above every Integer.
    return left.kind == ValueKind::Integer ? std::weak_ordering::less : std::weak_ordering::greater;
}

/// `number` mod `divisor`; a text of any length.
std::uint64_t remainder(std::string_view digits, std::int64_t exponent, std::uint64_t divisor) {
    Wide rest = 0;
    for (const char digit : digits) rest = (rest * 10 + static_cast<unsigned>(digit - '0')) % divisor;
    Wide power = 10 % divisor;
    for (; exponent > 0; exponent /= 2) {
        if (exponent % 2 == 1) rest = rest * power % divisor;
        power = power * power % divisor;
    }
    return static_cast<std::uint64_t>(rest);
}

}  // namespace

Decimal to_decimal(const Number& number) {
    if (number.kind == ValueKind::Big) return parse_decimal(number.text);
    std::array<char, 40> buffer{};
    char* const end = buffer.data() + buffer.size();
    std::to_chars_result result{};
    switch (number.kind) {
        case ValueKind::Integer:
            result = std::to_chars(buffer.data(), end, number.integer);
            break;
        case ValueKind::Unsigned:
            result = std::to_chars(buffer.data(), end, number.unsigned_integer);
            break;
        default:
            result = std::to_chars(buffer.data(), end, number.real, std::chars_format::scientific);
            break;
    }
    return parse_decimal({buffer.data(), result.ptr});
}

std::weak_ordering compare_any(const Number& left, const Number& right) {
    if (left.kind == ValueKind::Big || right.kind == ValueKind::Big) {
        return compare(to_decimal(left), to_decimal(right));
    }
    return compare_small(left, right);
}

bool is_integer(const Number& number) {
    switch (number.kind) {
        case ValueKind::Real:
            return std::trunc(number.real) == number.real;
        case ValueKind::Big:
            return to_decimal(number).is_integer();
        default:
            return true;
    }
}

Divisor::Divisor(const Decimal& divisor) : exponent_{divisor.exponent} {
    std::from_chars(divisor.digits.data(), divisor.digits.data() + divisor.digits.size(), digits_);
}

bool Divisor::divides(const Number& number) const {
    const Decimal decimal = to_decimal(number);
    if (decimal.is_zero()) return true;
    // digits * 10^(exponent - exponent_) / digits_: as digits is no multiple of 10, a negative power of ten
    // leaves a fraction.
    if (decimal.exponent < exponent_) return false;
    return remainder(decimal.digits_view(), decimal.exponent - exponent_, digits_) == 0;
}

}  // namespace aep::xdm
