#include "xdm/descriptors.hpp"

#include <string_view>

#include "xdm/json_pointer.hpp"

namespace aep::xdm {
namespace {

/// "/person/email", or with dots as older answers have it.
std::vector<std::string> steps_of(std::string_view path) {
    if (path.starts_with('/')) return pointer_steps(path);
    std::vector<std::string> steps;
    while (true) {
        const std::size_t dot = path.find('.');
        steps.emplace_back(path.substr(0, dot));
        if (dot == std::string_view::npos) return steps;
        path.remove_prefix(dot + 1);
    }
}

bool is(const Json* value, std::string_view text) {
    return value != nullptr && value->is_string() && value->text() == text;
}

bool is_true(const Json* value) {
    return value != nullptr && value->kind() == ValueKind::Boolean && value->boolean();
}

}  // namespace

std::string PrimaryIdentity::pointer() const {
    std::string pointer;
    for (const std::string& key : keys) append_pointer_step(pointer, key);
    return pointer;
}

std::vector<PrimaryIdentity> primary_identities(const Json& schema) {
    std::vector<PrimaryIdentity> found;
    const Json* descriptors = schema.find("meta:descriptors");
    if (descriptors == nullptr || !descriptors->is_array()) return found;
    std::size_t index = 0;
    for (const Json& descriptor : descriptors->items()) {
        const Json* source = descriptor.find("xdm:sourceProperty");
        if (is(descriptor.find("@type"), "xdm:descriptorIdentity") &&
            is_true(descriptor.find("xdm:isPrimary")) && source != nullptr && source->is_string()) {
            found.push_back({index, steps_of(source->text())});
        }
        ++index;
    }
    return found;
}

}  // namespace aep::xdm
