#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "xdm/json_pointer.hpp"
#include "xdm/schema_compiler.hpp"

namespace aep::xdm {
namespace {

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

}  // namespace

void SchemaCompiler::add_required_paths(const Json& root) {
    if (const Json* descriptors = root.find("meta:descriptors");
        descriptors != nullptr && descriptors->is_array()) {
        for (const Json& descriptor : descriptors->items()) {
            const Json* primary = descriptor.find("xdm:isPrimary");
            const Json* source = descriptor.find("xdm:sourceProperty");
            if (!is(descriptor.find("@type"), "xdm:descriptorIdentity") || primary == nullptr ||
                primary->kind() != ValueKind::Boolean || !primary->boolean() || source == nullptr ||
                !source->is_string()) {
                continue;
            }
            plan_->primary_identity = source->text();
            add_required_path(steps_of(source->text()), std::string{source->text()});
        }
    }
}

void SchemaCompiler::add_required_path(std::vector<std::string> keys, const std::string& as_written) {
    std::vector<Index> nodes{plan_->root};
    for (const std::string& key : keys) {
        nodes = key.empty() ? std::vector<Index>{} : nodes_below(nodes, key);
        if (!nodes.empty()) continue;
        error("", fmt::format("there is no field '{}', which is required as an identity: no '{}' in it",
                              as_written, key));
        return;
    }
    plan_->required_paths.push_back({std::move(keys)});
}

/// Where a key leads from any of `nodes`, and from those that look at the same value. Empty where none admits
/// the key.
std::vector<Index> SchemaCompiler::nodes_below(const std::vector<Index>& nodes, std::string_view key) const {
    std::vector<Index> waiting = nodes;
    std::vector<Index> below;
    bool is_open = true;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        const Node& node = plan_->nodes[waiting[i]];
        for (const Index next : same_value_nodes(node)) {
            if (std::find(waiting.begin(), waiting.end(), next) == waiting.end()) waiting.push_back(next);
        }
        if (node.objects == kNone) continue;
        const ObjectChecks& checks = plan_->objects[node.objects];
        const Slot* slot = plan_->table(checks).find(key);
        if (slot != nullptr && slot->is_property && slot->node != kAccept) below.push_back(slot->node);
        if (checks.closed != Closed::No && (slot == nullptr || !slot->is_property)) is_open = false;
    }
    if (below.empty() && is_open) below.push_back(kAccept);
    return below;
}

}  // namespace aep::xdm
