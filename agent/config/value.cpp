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

namespace {

/// Messages are logged: what stands in a URL as its user and password does not belong there. A password that
/// makes the URL a wrong one may hold any character, and the scheme may be what is wrong.
std::string without_credentials(std::string text) {
    const std::size_t at = text.rfind('@');
    if (at == std::string::npos) return text;
    const std::size_t scheme = text.find("://");
    const std::size_t begin = scheme < at ? scheme + 3 : 0;
    if (begin == 0 && text.find(':') > at) return text;  // an organisation, or somebody's address
    return text.replace(begin, at - begin, "***");
}

}  // namespace

std::string Value::shown() const {
    if (substituted.empty()) return in_quotes(without_credentials(text));
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
