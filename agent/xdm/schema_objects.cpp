#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <unordered_map>
#include <utility>

#include "xdm/json_pointer.hpp"
#include "xdm/schema_compiler.hpp"
#include "xdm/violation_text.hpp"

namespace aep::xdm {
namespace {

/// A word has bits for this many; more required keys than that are spread over several nodes.
constexpr std::size_t kRequiredPerNode = Slot::kNotRequired;

constexpr std::size_t kSlotsPerKey = 2;

std::string at_member(std::string_view keyword, std::string_view key) {
    std::string where;
    append_pointer_step(where, keyword);
    append_pointer_step(where, key);
    return where;
}

}  // namespace

void SchemaCompiler::compile_objects(Node& node) {
    ObjectChecks checks;
    Entries entries;
    read_count(Keyword::MinProperties, "minProperties", checks.min_properties);
    read_count(Keyword::MaxProperties, "maxProperties", checks.max_properties);
    read_properties(entries);
    read_required(entries, checks);
    read_pattern_properties(checks);
    read_dependencies(checks);
    if (const Json* names = get(Keyword::PropertyNames)) {
        checks.property_names = add(*names, Context::AsWritten, "propertyNames");
    }
    close_object(entries, checks);
    const ObjectChecks none;
    const bool is_counted =
        checks.min_properties != none.min_properties || checks.max_properties != none.max_properties;
    checks.asks_more = is_counted || !checks.dependencies.empty();
    make_table(entries, checks);
    if (entries.empty() && checks.min_properties == none.min_properties &&
        checks.max_properties == none.max_properties && checks.patterns.empty() &&
        checks.dependencies.empty() && checks.additional == kAccept && checks.property_names == kNone &&
        checks.closed == Closed::No) {
        return;
    }
    node.objects = static_cast<Index>(plan_->objects.size());
    plan_->objects.push_back(checks);
}

void SchemaCompiler::read_properties(Entries& entries) {
    const Json* properties = get(Keyword::Properties);
    if (properties == nullptr) return;
    if (!properties->is_object()) return error("/properties", "must be an object: names and their schemas");
    for (const auto& [key, schema] : properties->members()) {
        entries.push_back(
            {.key = key, .node = add(schema, context_below(), "properties", key), .is_property = true});
    }
}

void SchemaCompiler::read_required(Entries& entries, ObjectChecks& checks) {
    const Json* required = get(Keyword::Required);
    if (required == nullptr) return;
    if (!required->is_array()) {
        const bool is_old = required->kind() == ValueKind::Boolean;
        return error("/required", is_old ? "must be a list of names, in the object that the field belongs to"
                                         : "must be a list of names");
    }
    std::unordered_map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < entries.size(); ++i) places.emplace(entries[i].key, i);
    std::vector<std::string_view> more;
    std::uint8_t bit = 0;
    std::size_t index = 0;
    for (const Json& name : required->items()) {
        const std::string where = fmt::format("/required/{}", index++);
        if (!name.is_string()) {
            error(where, "must be a name");
            continue;
        }
        const auto [place, is_new] = places.try_emplace(name.text(), entries.size());
        if (is_new) entries.push_back(Entry{name.text()});
        Entry& entry = entries[place->second];
        if (entry.required_bit != Slot::kNotRequired) {
            warn(where, fmt::format("{} is there twice", quotation(name.text())));
        } else if (bit == kRequiredPerNode) {
            more.push_back(name.text());
        } else {
            checks.required |= std::uint64_t{1} << bit;
            entry.required_bit = bit++;
        }
        if (more.size() == kRequiredPerNode) add_required_node(std::exchange(more, {}));
    }
    if (!more.empty()) add_required_node(more);
}

/// A node that asks for these keys and nothing else; the object must pass it as well.
void SchemaCompiler::add_required_node(const std::vector<std::string_view>& keys) {
    Entries entries;
    ObjectChecks checks;
    for (const std::string_view key : keys) {
        checks.required |= std::uint64_t{1} << entries.size();
        entries.push_back({.key = key, .required_bit = static_cast<std::uint8_t>(entries.size())});
    }
    make_table(entries, checks);
    Node node;
    node.objects = static_cast<Index>(plan_->objects.size());
    plan_->objects.push_back(checks);
    more_required_.push_back(static_cast<Index>(plan_->nodes.size()));
    plan_->nodes.push_back(node);
}

void SchemaCompiler::read_pattern_properties(ObjectChecks& checks) {
    const Json* properties = get(Keyword::PatternProperties);
    if (properties == nullptr) return;
    if (!properties->is_object()) {
        return error("/patternProperties", "must be an object: regular expressions and their schemas");
    }
    std::vector<PatternProperty> entries;
    bool all_run = true;
    for (const auto& [pattern, schema] : properties->members()) {
        const Index index = add_pattern(pattern, at_member("patternProperties", pattern));
        const Index node = add(schema, context_below(), "patternProperties", pattern);
        all_run = all_run && index != kNone;
        if (index != kNone) entries.push_back({index, node});
    }
    // A key that a pattern would have named must not be taken for an additional one.
    if (!all_run) keywords_[static_cast<std::size_t>(Keyword::AdditionalProperties)] = nullptr;
    checks.patterns.begin = static_cast<Index>(plan_->pattern_properties.size());
    plan_->pattern_properties.insert(plan_->pattern_properties.end(), entries.begin(), entries.end());
    checks.patterns.end = static_cast<Index>(plan_->pattern_properties.size());
}

void SchemaCompiler::read_dependencies(ObjectChecks& checks) {
    const Json* dependencies = get(Keyword::Dependencies);
    if (dependencies == nullptr) return;
    if (!dependencies->is_object()) {
        return error("/dependencies", "must be an object: names, and schemas or lists of names");
    }
    checks.dependencies.begin = static_cast<Index>(plan_->dependencies.size());
    for (const auto& [key, value] : dependencies->members()) {
        Dependency dependency;
        dependency.key = add_text(std::string{key});
        dependency.keys.begin = static_cast<Index>(plan_->dependent_keys.size());
        if (value.is_array()) {
            for (const Json& name : value.items()) {
                if (!name.is_string()) error(at_member("dependencies", key), "must be a list of names");
                if (name.is_string()) plan_->dependent_keys.push_back(add_text(std::string{name.text()}));
            }
        } else {
            dependency.node = add(value, Context::AsWritten, "dependencies", key);
        }
        dependency.keys.end = static_cast<Index>(plan_->dependent_keys.size());
        plan_->dependencies.push_back(dependency);
    }
    checks.dependencies.end = static_cast<Index>(plan_->dependencies.size());
}

/// Decides about keys that are in neither `properties` nor `patternProperties`.
void SchemaCompiler::close_object(Entries& entries, ObjectChecks& checks) {
    // Where something else looks at the object too, a key that means nothing here may mean something there.
    const bool is_alone = get(Keyword::Not) == nullptr && get(Keyword::Dependencies) == nullptr;
    if (const Json* additional = get(Keyword::AdditionalProperties)) {
        if (additional->kind() == ValueKind::Boolean && !additional->boolean()) {
            checks.closed = Closed::BySchema;
            checks.is_strippable = context() == Context::Closing && is_alone &&
                                   get(Keyword::AllOf) == nullptr && get(Keyword::AnyOf) == nullptr &&
                                   get(Keyword::OneOf) == nullptr;
        } else {
            checks.additional = add(*additional, context_below(), "additionalProperties");
        }
        return;
    }
    if (context() != Context::Closing) return;
    Union whole;
    gather_union(*items_[current_].schema, base(), whole);
    if (!whole.has_properties || whole.is_open) return;
    checks.closed = Closed::ByRegistry;
    checks.is_strippable = is_alone;
    if (get(Keyword::AllOf) == nullptr) return;
    std::unordered_map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < entries.size(); ++i) places.emplace(entries[i].key, i);
    for (const std::string_view key : whole.keys) {
        const auto [place, is_new] = places.try_emplace(key, entries.size());
        if (is_new) entries.push_back(Entry{key});
        entries[place->second].is_property = true;
    }
}

/// The keys of a schema and of all that its `allOf` names; whether one of them leaves the object open.
void SchemaCompiler::gather_union(const Json& schema, const std::string& base, Union& out) {
    if (!schema.is_object() || !out.seen.insert(&schema).second) return;
    if (const Json* reference = schema.find("$ref")) {
        if (!reference->is_string()) return;
        // What does not resolve is reported where it is compiled.
        if (const auto found = index_.find(base, reference->text()))
            gather_union(*found->schema, found->base, out);
        return;
    }
    for (const std::string_view opening : {"additionalProperties", "patternProperties", "oneOf", "anyOf"}) {
        if (schema.find(opening) != nullptr) out.is_open = true;
    }
    if (const Json* properties = schema.find("properties");
        properties != nullptr && properties->is_object()) {
        out.has_properties = true;
        if (out.seen.size() > 1) {
            for (const JsonMember& member : properties->members()) out.keys.push_back(member.key);
        }
    }
    const Json* all = schema.find("allOf");
    if (all == nullptr || !all->is_array()) return;
    const std::string within = SchemaIndex::base_within(schema, base);
    for (const Json& part : all->items()) gather_union(part, within, out);
}

void SchemaCompiler::make_table(const Entries& entries, ObjectChecks& checks) {
    if (entries.empty()) return;
    const auto size = static_cast<Index>(std::bit_ceil(entries.size() * kSlotsPerKey));
    const auto begin = static_cast<Index>(plan_->slots.size());
    checks.slots = {begin, begin + size};
    checks.hash_shift = static_cast<std::uint8_t>(64 - std::countr_zero(size));
    checks.multiplier = find_multiplier(entries, checks.hash_shift);
    plan_->slots.resize(checks.slots.end);
    const ObjectChecks none;
    const bool is_all = checks.patterns.empty() && checks.property_names == kNone &&
                        checks.min_properties == none.min_properties &&
                        checks.max_properties == none.max_properties;
    for (const Entry& entry : entries) {
        const KeyWords words{entry.key};
        std::uint64_t at = words.hash(checks.multiplier) >> checks.hash_shift;
        while (plan_->slots[begin + at].key != kNone) at = (at + 1) & (size - 1);
        Slot& slot = plan_->slots[begin + at];
        slot.words = words;
        slot.key = static_cast<Index>(plan_->keys.size());
        slot.key_size = static_cast<std::uint32_t>(entry.key.size());
        slot.node = entry.node;
        slot.required_bit = entry.required_bit;
        slot.is_property = entry.is_property;
        slot.is_all = entry.is_property && is_all;
        plan_->keys += entry.key;
    }
}

/// One with which few keys want the same slot; for most objects, none do.
std::uint64_t SchemaCompiler::find_multiplier(const Entries& entries, std::uint8_t hash_shift) {
    constexpr int kMostTries = 64;
    std::uint64_t best = 0;
    std::size_t fewest = entries.size();
    std::uint64_t candidate = 0x9E3779B97F4A7C15U;
    for (int i = 0; i < kMostTries && (fewest > 0 || best == 0); ++i) {
        std::size_t shared = 0;
        taken_.assign(std::size_t{1} << (64U - hash_shift), false);
        for (const Entry& entry : entries) {
            const std::uint64_t at = KeyWords{entry.key}.hash(candidate) >> hash_shift;
            shared += taken_[at] ? 1 : 0;
            taken_[at] = true;
        }
        if (best == 0 || shared < fewest) {
            best = candidate;
            fewest = shared;
        }
        candidate = candidate * 0xD1342543DE82EF95U + 2;  // stays odd
    }
    return best;
}

}  // namespace aep::xdm
