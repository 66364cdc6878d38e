#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "xdm/number.hpp"
#include "xdm/plan.hpp"
#include "xdm/value_view.hpp"

/// The words of violations. Whoever reads them knows the data, not JSON Schema.
namespace aep::xdm {

/// In quotes, at most some forty characters of it.
[[nodiscard]] std::string quotation(std::string_view text);
[[nodiscard]] std::string number_text(const Number& number);

/// `"12,50"`, `12.5`, `true`, `null`, `an array`, `an object`
template <ValueView V>
[[nodiscard]] std::string value_text(V value) {
    switch (value.kind()) {
        case ValueKind::Null:
            return "null";
        case ValueKind::Boolean:
            return value.boolean() ? "true" : "false";
        case ValueKind::String:
            return quotation(value.text());
        case ValueKind::Array:
            return "an array";
        case ValueKind::Object:
            return "an object";
        default:
            return number_text(number_of(value));
    }
}

/// `string "12,50"`, `number 12.5`, `null`
template <ValueView V>
[[nodiscard]] std::string typed_text(V value) {
    switch (value.kind()) {
        case ValueKind::Null:
            return "null";
        case ValueKind::Boolean:
            return "boolean " + value_text(value);
        case ValueKind::String:
            return "string " + value_text(value);
        case ValueKind::Array:
            return "array";
        case ValueKind::Object:
            return "object";
        default:
            return "number " + value_text(value);
    }
}

/// "integer or string"
[[nodiscard]] std::string types_text(Kinds kinds);

[[nodiscard]] std::string expected(std::string_view what, std::string_view found);
/// "expected at least 2 characters, found 1"
[[nodiscard]] std::string expected_count(std::string_view relation, std::uint64_t limit,
                                         std::string_view unit, std::uint64_t found);
[[nodiscard]] std::string format_text(TextFormat format, std::string_view found);
[[nodiscard]] std::string alternatives_text(std::size_t fitting, std::size_t all, std::string_view keyword);

}  // namespace aep::xdm
