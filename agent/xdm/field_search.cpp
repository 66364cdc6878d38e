#include "xdm/field_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "base/suggest.hpp"
#include "xdm/json_pointer.hpp"

namespace aep::xdm {
namespace {

/// Objects that are looked into for a suggestion.
constexpr std::size_t kMostPlaces = 10'000;

std::string pointer_to(std::span<const std::string> keys) {
    std::string pointer;
    for (const std::string& key : keys) append_pointer_step(pointer, key);
    return pointer;
}

std::string in_object(std::span<const std::string> keys) {
    return keys.empty() ? "at the top level" : fmt::format("in '{}'", pointer_to(keys));
}

}  // namespace

/// One key further down: what nodes ask of its value.
class FieldSearch::Step {
  public:
    struct Answer {
        bool is_possible = true;
        Nodes below;
    };

    Step(const FieldSearch& search, std::string_view key)
        : plan_{search.plan_}, unknown_keys_{search.unknown_keys_}, key_{key} {}

    const Answer& ask(Index index) {
        const auto [known, is_new] = answers_.try_emplace(index);
        if (!is_new || nested_ == kMostNested) return known->second;
        ++nested_;
        Answer answer;
        const Node& node = plan_.nodes[index];
        answer.is_possible = (node.kinds & kind_bit(ValueKind::Object)) != 0;
        if (node.objects != kNone) by_name(plan_.objects[node.objects], answer);
        if (node.combination != kNone) by_parts(plan_.combinations[node.combination], answer);
        --nested_;
        return known->second = std::move(answer);
    }

  private:
    /// Parts of parts beyond it are taken to ask for nothing.
    static constexpr std::size_t kMostNested = 1000;

    void by_name(const ObjectChecks& checks, Answer& answer) const {
        bool is_named = false;
        if (const Slot* slot = plan_.table(checks).find(key_); slot != nullptr && slot->is_property) {
            is_named = true;
            answer.below.insert(slot->node);
        }
        for (Index i = checks.patterns.begin; i < checks.patterns.end; ++i) {
            const PatternProperty& entry = plan_.pattern_properties[i];
            if (!plan_.patterns[entry.pattern].found_in(key_)) continue;
            is_named = true;
            answer.below.insert(entry.node);
        }
        if (!is_named) {
            const bool is_closed =
                checks.closed == Closed::BySchema ||
                (checks.closed == Closed::ByRegistry && unknown_keys_ != UnknownKeys::Allow);
            answer.below.insert(is_closed ? kRefuse : checks.additional);
        }
        if (answer.below.contains(kRefuse)) answer.is_possible = false;
    }

    void by_parts(const Combination& combination, Answer& answer) {
        for (Index i = combination.all.begin; i < combination.all.end; ++i)
            add(ask(plan_.children[i]), answer);
        for (const Range alternatives : {combination.any, combination.one}) {
            if (!alternatives.empty()) by_alternatives(alternatives, answer);
        }
    }

    /// What one of them asks is known only where no other fits.
    void by_alternatives(const Range& alternatives, Answer& answer) {
        std::set<Index> fitting;
        for (Index i = alternatives.begin; i < alternatives.end; ++i) {
            if (ask(plan_.children[i]).is_possible) fitting.insert(plan_.children[i]);
        }
        if (fitting.empty()) answer.is_possible = false;
        if (fitting.size() == 1) add(ask(*fitting.begin()), answer);
    }

    static void add(const Answer& part, Answer& answer) {
        answer.is_possible = answer.is_possible && part.is_possible;
        answer.below.insert(part.below.begin(), part.below.end());
    }

    const Plan& plan_;
    UnknownKeys unknown_keys_;
    std::string_view key_;
    std::size_t nested_ = 0;
    std::map<Index, Answer> answers_;  ///< a node that several parts lead to is asked once
};

std::optional<std::string> FieldSearch::missing(std::span<const std::string> keys, ValueKind kind) const {
    Nodes nodes{plan_.root};
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto object = keys.first(i);
        if (!accept(nodes, ValueKind::Object)) {
            return fmt::format("'{}' is not an object, which could have fields", pointer_to(object));
        }
        auto next = below(nodes, keys[i]);
        if (!next) {
            const std::string near = nearest(keys, i, nodes, kind);
            return fmt::format("there is no '{}' {}{}", keys[i], in_object(object),
                               near.empty() ? "" : fmt::format(", did you mean '{}'?", near));
        }
        nodes = std::move(*next);
    }
    if (accept(nodes, kind)) return std::nullopt;
    return fmt::format("'{}' can be no {}", pointer_to(keys),
                       kind == ValueKind::Object ? "object" : "string");
}

bool FieldSearch::accept(const Nodes& nodes, ValueKind kind) const {
    return std::ranges::all_of(nodes,
                               [&](Index node) { return (plan_.nodes[node].kinds & kind_bit(kind)) != 0; });
}

/// What the value of `key` must pass in an object that passes all of `nodes`; nothing where none can have it.
std::optional<FieldSearch::Nodes> FieldSearch::below(const Nodes& nodes, std::string_view key) const {
    Step step{*this, key};
    Nodes asked;
    for (const Index node : nodes) {
        const Step::Answer& answer = step.ask(node);
        if (!answer.is_possible) return std::nullopt;
        asked.insert(answer.below.begin(), answer.below.end());
    }
    return asked;
}

/// Those that are listed, by the nodes or their parts.
std::vector<std::string> FieldSearch::keys_of(const Nodes& nodes) const {
    std::vector<std::string> keys;
    std::vector<Index> waiting{nodes.begin(), nodes.end()};
    Nodes known = nodes;
    for (std::size_t at = 0; at < waiting.size(); ++at) {
        const Node& node = plan_.nodes[waiting[at]];
        if (node.objects != kNone) {
            const Range slots = plan_.objects[node.objects].slots;
            for (Index i = slots.begin; i < slots.end; ++i) {
                const Slot& slot = plan_.slots[i];
                if (slot.key != kNone && slot.is_property) keys.emplace_back(plan_.key_of(slot));
            }
        }
        if (node.combination == kNone) continue;
        const Combination& combination = plan_.combinations[node.combination];
        for (const Range range : {combination.all, combination.any, combination.one}) {
            for (Index i = range.begin; i < range.end; ++i) {
                if (known.insert(plan_.children[i]).second) waiting.push_back(plan_.children[i]);
            }
        }
    }
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
}

/// The pointer with the key at `missing` spelt as one that is there, if that leads on to the end; else a
/// field of the same name in another object.
std::string FieldSearch::nearest(std::span<const std::string> keys, std::size_t missing, const Nodes& nodes,
                                 ValueKind kind) const {
    std::vector<std::string> spelt{keys.begin(), keys.end()};
    std::vector<std::string> there = keys_of(nodes);
    std::erase_if(there, [&](const std::string& key) { return !below(nodes, key); });
    spelt[missing] = base::nearest(keys[missing], there);
    if (!spelt[missing].empty()) {
        Nodes end = nodes;
        for (std::size_t i = missing; i < spelt.size(); ++i) {
            auto next = below(end, spelt[i]);
            if (!next) return pointer_to(std::span{spelt}.first(i));
            end = std::move(*next);
        }
        if (accept(end, kind)) return pointer_to(spelt);
    }
    return same_name_elsewhere(keys.back(), kind);
}

/// The one that is nearest to the top; "" where there is none. Nodes are looked into once, which ends
/// recursion; how they combine is bounded.
std::string FieldSearch::same_name_elsewhere(std::string_view key, ValueKind kind) const {
    struct Place {
        std::string pointer;
        Nodes nodes;
    };
    std::deque<Place> waiting{{"", {plan_.root}}};
    std::set<Nodes> known;
    for (; !waiting.empty(); waiting.pop_front()) {
        const Place& place = waiting.front();
        for (const std::string& name : keys_of(place.nodes)) {
            auto next = below(place.nodes, name);
            if (!next) continue;
            std::string pointer = place.pointer;
            append_pointer_step(pointer, name);
            if (name == key && accept(*next, kind)) return pointer;
            if (known.size() < kMostPlaces && known.insert(*next).second) {
                waiting.push_back({std::move(pointer), std::move(*next)});
            }
        }
    }
    return "";
}

}  // namespace aep::xdm
