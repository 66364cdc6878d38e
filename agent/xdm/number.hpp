#pragma once

#include <boost/container/small_vector.hpp>
#include <compare>
#include <cstdint>
#include <string_view>

#include "xdm/value_view.hpp"

/// Arithmetic on JSON numbers without rounding: a schema's limits are decimal numbers, and so is what people
/// mean by 0.0075 being a multiple of 0.0001. Doubles stand for the shortest decimal number that reads as
/// them.
namespace aep::xdm {

/// A number as a view holds it.
struct Number {
    ValueKind kind = ValueKind::Integer;
    union {
        std::int64_t integer = 0;
        std::uint64_t unsigned_integer;
        double real;
    };
    std::string_view text;  ///< of a Big

    [[nodiscard]] static Number of(std::int64_t value) {
        Number number;
        number.integer = value;
        return number;
    }
};

template <ValueView V>
[[nodiscard]] Number number_of(const V& view) {
    Number number;
    number.kind = view.kind();
    switch (number.kind) {
        case ValueKind::Integer:
            number.integer = view.integer();
            break;
        case ValueKind::Unsigned:
            number.unsigned_integer = view.unsigned_integer();
            break;
        case ValueKind::Real:
            number.real = view.real();
            break;
        default:
            number.text = view.text();
            break;
    }
    return number;
}

/// digits * 10^exponent, without zeros at either end of the digits; 0 has none.
struct Decimal {
    bool negative = false;
    boost::container::small_vector<char, 32> digits;
    std::int64_t exponent = 0;

    [[nodiscard]] bool is_zero() const { return digits.empty(); }
    [[nodiscard]] bool is_integer() const { return exponent >= 0; }
    [[nodiscard]] std::string_view digits_view() const { return {digits.data(), digits.size()}; }
};

[[nodiscard]] Decimal to_decimal(const Number& number);

[[nodiscard]] std::weak_ordering compare_any(const Number& left, const Number& right);
[[nodiscard]] inline std::weak_ordering compare(const Number& left, const Number& right) {
    const bool are_integers = left.kind == ValueKind::Integer && right.kind == ValueKind::Integer;
    return are_integers ? std::weak_ordering{left.integer <=> right.integer} : compare_any(left, right);
}

/// Draft-06: also 1.0 and 1e3.
[[nodiscard]] bool is_integer(const Number& number);

/// Whether a number is a multiple of another. The divisor is above 0 and has at most kMostDigits digits.
class Divisor {
  public:
    static constexpr std::size_t kMostDigits = 19;

    explicit Divisor(const Decimal& divisor);
    [[nodiscard]] bool divides(const Number& number) const;

  private:
    std::uint64_t digits_ = 1;
    std::int64_t exponent_ = 0;
};

}  // namespace aep::xdm
