#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "xdm/value_view.hpp"

namespace aep::xdm {

namespace detail {

/// The parser's types are letters.
constexpr std::array<ValueKind, 256> make_kinds() {
    using simdjson::dom::element_type;
    std::array<ValueKind, 256> kinds{};
    const auto set = [&](element_type type, ValueKind kind) {
        kinds[static_cast<unsigned char>(type)] = kind;
    };
    set(element_type::ARRAY, ValueKind::Array);
    set(element_type::OBJECT, ValueKind::Object);
    set(element_type::INT64, ValueKind::Integer);
    set(element_type::UINT64, ValueKind::Unsigned);
    set(element_type::DOUBLE, ValueKind::Real);
    set(element_type::STRING, ValueKind::String);
    set(element_type::BOOL, ValueKind::Boolean);
    set(element_type::NULL_VALUE, ValueKind::Null);
    return kinds;
}
inline constexpr std::array<ValueKind, 256> kDomKinds = make_kinds();

}  // namespace detail

/// The view of a record that simdjson parsed. Never has a Big: that parser refuses such numbers.
struct DomView {
    /// The parser's string buffer ends in SIMDJSON_PADDING bytes.
    static constexpr bool kPaddedKeys = simdjson::SIMDJSON_PADDING >= 16;

    simdjson::dom::element element;

    [[nodiscard]] ValueKind kind() const {
        return detail::kDomKinds[static_cast<unsigned char>(element.type())];
    }
    [[nodiscard]] bool boolean() const { return element.get_bool().value_unsafe(); }
    [[nodiscard]] std::int64_t integer() const { return element.get_int64().value_unsafe(); }
    [[nodiscard]] std::uint64_t unsigned_integer() const { return element.get_uint64().value_unsafe(); }
    [[nodiscard]] double real() const { return element.get_double().value_unsafe(); }
    [[nodiscard]] std::string_view text() const { return element.get_string().value_unsafe(); }
    template <class Visit>
    AEP_XDM_INLINE bool for_each_item(const Visit& visit) const {
        const simdjson::dom::array items = element.get_array().value_unsafe();
        for (const simdjson::dom::element item : items) {
            if (!visit(DomView{item})) return false;
        }
        return true;
    }
    template <class Visit>
    AEP_XDM_INLINE bool for_each_member(const Visit& visit) const {
        const simdjson::dom::object members = element.get_object().value_unsafe();
        const auto end = members.end();
        for (auto member = members.begin(); member != end; ++member) {
            if (!visit(member.key(), DomView{member.value()})) return false;
        }
        return true;
    }
};

}  // namespace aep::xdm
