#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string_view>

#include "xdm/value_view.hpp"

namespace aep::xdm {

/// The view of a record that simdjson parsed. Never has a Big: that parser refuses such numbers.
struct DomView {
    simdjson::dom::element element;

    [[nodiscard]] ValueKind kind() const {
        switch (element.type()) {
            case simdjson::dom::element_type::ARRAY:
                return ValueKind::Array;
            case simdjson::dom::element_type::OBJECT:
                return ValueKind::Object;
            case simdjson::dom::element_type::INT64:
                return ValueKind::Integer;
            case simdjson::dom::element_type::UINT64:
                return ValueKind::Unsigned;
            case simdjson::dom::element_type::DOUBLE:
                return ValueKind::Real;
            case simdjson::dom::element_type::STRING:
                return ValueKind::String;
            case simdjson::dom::element_type::BOOL:
                return ValueKind::Boolean;
            case simdjson::dom::element_type::NULL_VALUE:
                return ValueKind::Null;
        }
        return ValueKind::Null;
    }
    [[nodiscard]] bool boolean() const { return element.get_bool().value_unsafe(); }
    [[nodiscard]] std::int64_t integer() const { return element.get_int64().value_unsafe(); }
    [[nodiscard]] std::uint64_t unsigned_integer() const { return element.get_uint64().value_unsafe(); }
    [[nodiscard]] double real() const { return element.get_double().value_unsafe(); }
    [[nodiscard]] std::string_view text() const { return element.get_string().value_unsafe(); }
    template <class Visit>
    bool for_each_item(Visit visit) const {
        const simdjson::dom::array items = element.get_array().value_unsafe();
        for (const simdjson::dom::element item : items) {
            if (!visit(DomView{item})) return false;
        }
        return true;
    }
    template <class Visit>
    bool for_each_member(Visit visit) const {
        const simdjson::dom::object members = element.get_object().value_unsafe();
        for (const auto& [key, value] : members) {
            if (!visit(key, DomView{value})) return false;
        }
        return true;
    }
};

}  // namespace aep::xdm
