#include "xdm/field_expectation.hpp"

#include <charconv>
#include <string>
#include <vector>

#include "xdm/json_pointer.hpp"

namespace aep::xdm {
namespace {

using Nodes = std::vector<Index>;  ///< all that look at one value

/// Adds a node and those that look at the same value.
void add_with_parts(const Plan& plan, Index index, Nodes& nodes) {
    constexpr std::size_t kMost = 1000;  // a schema may refer to itself
    if (index == kAccept || index == kRefuse || nodes.size() >= kMost) return;
    nodes.push_back(index);
    const Index combination = plan.nodes[index].combination;
    if (combination == kNone) return;
    const Range all = plan.combinations[combination].all;
    for (Index i = all.begin; i < all.end; ++i) add_with_parts(plan, plan.children[i], nodes);
}

void add_member(const Plan& plan, const ObjectChecks& checks, std::string_view key, Nodes& below) {
    bool is_named = false;
    if (const Slot* slot = plan.table(checks).find(key)) {
        is_named = slot->is_property;
        add_with_parts(plan, slot->node, below);
    }
    for (Index i = checks.patterns.begin; i < checks.patterns.end; ++i) {
        const PatternProperty& entry = plan.pattern_properties[i];
        if (!plan.patterns[entry.pattern].found_in(key)) continue;
        is_named = true;
        add_with_parts(plan, entry.node, below);
    }
    if (!is_named) add_with_parts(plan, checks.additional, below);
}

void add_item(const Plan& plan, const ArrayChecks& checks, std::string_view step, Nodes& below) {
    Index at = 0;
    const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), at);
    if (error != std::errc{} || end != step.data() + step.size()) return;
    add_with_parts(plan, at < checks.tuple.size() ? plan.children[checks.tuple.begin + at] : checks.items,
                   below);
}

}  // namespace

FieldExpectation expectation_at(const Plan& plan, std::string_view pointer) {
    Nodes nodes;
    add_with_parts(plan, plan.root, nodes);
    for (const std::string& step : pointer_steps(pointer)) {
        Nodes below;
        for (const Index index : nodes) {
            const Node& node = plan.nodes[index];
            if (node.objects != kNone) add_member(plan, plan.objects[node.objects], step, below);
            if (node.arrays != kNone) add_item(plan, plan.arrays[node.arrays], step, below);
        }
        nodes = std::move(below);
    }
    FieldExpectation expected;
    for (const Index index : nodes) {
        const Node& node = plan.nodes[index];
        expected.kinds &= node.kinds | (node.kinds & kIntegersOnly);
        if (node.strings == kNone) continue;
        if (const TextFormat format = plan.strings[node.strings].format; format != TextFormat::None) {
            expected.format = format;
        }
    }
    return expected;
}

}  // namespace aep::xdm
