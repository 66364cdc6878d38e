#include "config/value.hpp"

#include <algorithm>

#include "config/problem.hpp"

namespace aep::config {

const Value* Value::find(std::string_view key) const {
    const auto found =
        std::find_if(entries.begin(), entries.end(), [key](const Entry& entry) { return entry.key == key; });
    return found == entries.end() ? nullptr : &found->value;
}

Value* Value::find(std::string_view key) {
    const auto found =
        std::find_if(entries.begin(), entries.end(), [key](const Entry& entry) { return entry.key == key; });
    return found == entries.end() ? nullptr : &found->value;
}

std::string Value::shown() const {
    if (substituted.empty()) return in_quotes(text);
    return "the value of " + substituted.front();
}

std::string_view name_of(Value::Type type) {
    switch (type) {
        case Value::Type::Null:
            return "nothing";
        case Value::Type::Scalar:
            return "a single value";
        case Value::Type::List:
            return "a list";
        case Value::Type::Map:
            return "a map";
    }
    return "nothing";
}

}  // namespace aep::config
