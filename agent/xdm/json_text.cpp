#include "xdm/json_text.hpp"

#include <fmt/format.h>

#include "base/json_text.hpp"

namespace aep::xdm {
namespace {

void append(std::string& out, const Json& value) {
    switch (value.kind()) {
        case ValueKind::Null:
            out += "null";
            break;
        case ValueKind::Boolean:
            out += value.boolean() ? "true" : "false";
            break;
        case ValueKind::Integer:
            out += std::to_string(value.integer());
            break;
        case ValueKind::Unsigned:
            out += std::to_string(value.unsigned_integer());
            break;
        case ValueKind::Real:
            out += fmt::format("{}", value.real());
            break;
        case ValueKind::Big:
            out += value.text();
            break;
        case ValueKind::String:
            base::append_json_string(out, value.text());
            break;
        case ValueKind::Array:
            out += '[';
            for (const Json& item : value.items()) {
                if (&item != value.items().data()) out += ',';
                append(out, item);
            }
            out += ']';
            break;
        case ValueKind::Object:
            out += '{';
            for (const JsonMember& member : value.members()) {
                if (&member != value.members().data()) out += ',';
                base::append_json_string(out, member.key);
                out += ':';
                append(out, member.value);
            }
            out += '}';
            break;
    }
}

}  // namespace

std::string json_text(const Json& value) {
    std::string text;
    append(text, value);
    return text;
}

}  // namespace aep::xdm
