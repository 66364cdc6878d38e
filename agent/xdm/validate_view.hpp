#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "xdm/json.hpp"
#include "xdm/json_pointer.hpp"
#include "xdm/plan.hpp"
#include "xdm/validator.hpp"
#include "xdm/violation_text.hpp"

/// The walk over a value along a plan, for any view. Include it only where a view of one's own is validated:
/// validator.hpp has the usual ones compiled.
namespace aep::xdm {
namespace detail {

/// What the walks over one record share.
struct WalkState {
    const Plan& plan;
    UnknownKeys unknown_keys;
    std::vector<std::string_view>& strip;
    std::vector<ValueHash>& hashes;
    std::string& pointer;
    Report& report;
    std::size_t nested = 0;
    std::size_t branches = 0;
    /// The keyword of the bound that was met; then every answer is no, and none means anything.
    std::string_view aborted;
};

/// kReporting: does not stop at the first fault, and reports each. Otherwise neither the place nor the reason
/// is looked at, which makes it fast; alternatives (anyOf, not, ...) are always tried that way.
template <ValueView V, bool kReporting>
class Walk {
  public:
    explicit Walk(WalkState& state) : state_{state}, plan_{state.plan} {}

    bool check_record(V value) {
        bool ok = true;
        if (stops(ok, check(plan_.root, value))) return false;
        for (const RequiredPath& path : plan_.required_paths) {
            if (stops(ok, check_path(path, 0, value))) return false;
        }
        return ok && state_.aborted.empty();
    }

    bool check(Index index, V value) {
        const Node& node = plan_.nodes[index];
        const ValueKind kind = value.kind();
        return (node.plain & kind_bit(kind)) != 0 || check_closely(node, kind, value);
    }

    /// Where the kind alone does not settle it.
    AEP_XDM_INLINE bool check_closely(const Node& node, ValueKind kind, V value) {
        if constexpr (WrappingView<V>) {
            using Inner = std::remove_cvref_t<decltype(*value.inner())>;
            if (const Inner* inner = value.inner()) {
                return Walk<Inner, kReporting>{state_}.check_closely(node, kind, *inner);
            }
        }
        if constexpr (!kReporting) {
            // Most nodes that are not settled by then are those of objects, and of one kind of value at
            // least.
            const bool is_usual = !node.is_composed && (node.kinds & kind_bit(kind)) != 0;
            if (is_usual && kind == ValueKind::Object && node.objects != kNone) {
                return nest([&] { return check_object(plan_.objects[node.objects], value); });
            }
            if (is_usual) return check_kind(node, kind, value);
        }
        return check_all(node, kind, value);
    }

  private:
    bool check_all(const Node& node, ValueKind kind, V value) {
        bool ok = true;
        if ((node.kinds & kind_bit(kind)) == 0 && !is_integer_wanted(node, kind, value)) {
            if (stops(ok, fail_type(node, value))) return false;
        }
        if (stops(ok, check_kind(node, kind, value))) return false;
        if (node.constants != kNone && stops(ok, check_constants(plan_.constants[node.constants], value))) {
            return false;
        }
        if (node.combination != kNone) {
            const Combination& combination = plan_.combinations[node.combination];
            if (stops(ok, nest([&] { return check_combination(combination, value); }))) return false;
        }
        return ok;
    }

    /// What the node says of values of this kind only.
    bool check_kind(const Node& node, ValueKind kind, V value) {
        if (kind == ValueKind::String) {
            return node.strings == kNone || check_string(plan_.strings[node.strings], value.text());
        }
        if (kind == ValueKind::Object) {
            return node.objects == kNone ||
                   nest([&] { return check_object(plan_.objects[node.objects], value); });
        }
        if (kind == ValueKind::Array) {
            return node.arrays == kNone ||
                   nest([&] { return check_array(plan_.arrays[node.arrays], value); });
        }
        return node.numbers == kNone || !is_number(kind) ||
               check_number(plan_.numbers[node.numbers], number_of(value));
    }

    template <class Check>
    AEP_XDM_INLINE bool nest(const Check& check) {
        if (++state_.nested > Validator::kMostNested) return abort("depth");
        const bool ok = check();
        --state_.nested;
        return ok;
    }

    /// Takes a result in; true where the walk need not go on. `ok` is looked at where it does.
    static bool stops(bool& ok, bool result) {
        if constexpr (kReporting) ok = ok && result;
        return !kReporting && !result;
    }

    bool abort(std::string_view keyword) {
        state_.aborted = keyword;
        return false;
    }

    template <class Message>
    bool fail(std::string_view keyword, Message message) {
        return fail_key(keyword, "", message);
    }
    template <class Message>
    bool fail_key(std::string_view keyword, std::string_view key, Message message) {
        if constexpr (kReporting) {
            if (state_.report.wants(keyword, state_.pointer, key)) {
                state_.report.add({keyword, state_.pointer, std::string{key}, message()});
            } else {
                state_.report.count();
            }
        }
        return false;
    }

    /// Checks a value one step further down.
    template <class Step>
    bool descend(const Step& step, Index index, V value) {
        const Node& node = plan_.nodes[index];
        const ValueKind kind = value.kind();
        return (node.plain & kind_bit(kind)) != 0 || descend_closely(step, node, kind, value);
    }
    template <class Step>
    bool descend_closely(const Step& step, const Node& node, ValueKind kind, V value) {
        if constexpr (kReporting) {
            const std::size_t size = state_.pointer.size();
            append_pointer_step(state_.pointer, step);
            const bool ok = check_closely(node, kind, value);
            state_.pointer.resize(size);
            return ok;
        } else {
            return check_closely(node, kind, value);
        }
    }

    /// Whether an alternative fits. False as well when too many have been tried.
    bool fits(Index node, V value) {
        if (!state_.aborted.empty()) return false;
        if (++state_.branches > Validator::kMostBranches) return abort("effort");
        return Walk<V, false>{state_}.check(node, value);
    }

    static bool is_integer_wanted(const Node& node, ValueKind kind, V value) {
        return (node.kinds & kIntegersOnly) != 0 && (kind == ValueKind::Real || kind == ValueKind::Big) &&
               is_integer(number_of(value));
    }

    bool fail_type(const Node& node, V value) {
        if (node.kinds == 0) return fail("false", [&] { return "nothing may stand here"; });
        return fail("type", [&] { return expected(types_text(node.kinds), typed_text(value)); });
    }

    bool check_number(const NumberChecks& checks, const Number& number) {
        const auto fail_limit = [&](std::string_view keyword, std::string_view relation,
                                    const Number& limit) {
            return fail(keyword, [&] {
                return expected(std::string{relation} + " " + number_text(limit), number_text(number));
            });
        };
        bool ok = true;
        if (checks.minimum && std::is_lt(compare(number, *checks.minimum)) &&
            stops(ok, fail_limit("minimum", "at least", *checks.minimum))) {
            return false;
        }
        if (checks.maximum && std::is_gt(compare(number, *checks.maximum)) &&
            stops(ok, fail_limit("maximum", "at most", *checks.maximum))) {
            return false;
        }
        if (checks.above && std::is_lteq(compare(number, *checks.above)) &&
            stops(ok, fail_limit("exclusiveMinimum", "more than", *checks.above))) {
            return false;
        }
        if (checks.below && std::is_gteq(compare(number, *checks.below)) &&
            stops(ok, fail_limit("exclusiveMaximum", "less than", *checks.below))) {
            return false;
        }
        if (checks.multiple_of && !checks.multiple_of->divides(number)) {
            ok = fail("multipleOf", [&] {
                return expected("a multiple of " + plan_.texts[checks.multiple_of_text], number_text(number));
            });
        }
        return ok;
    }

    bool check_string(const StringChecks& checks, std::string_view text) {
        bool ok = true;
        // A character has one to four bytes: most lengths need no counting.
        if ((text.size() > checks.max_length || text.size() < 4 * checks.min_length) &&
            stops(ok, check_length(checks, text))) {
            return false;
        }
        if (checks.format != TextFormat::None && !matches(checks.format, text) &&
            stops(ok, fail("format", [&] { return format_text(checks.format, text); }))) {
            return false;
        }
        if (checks.pattern != kNone && !plan_.patterns[checks.pattern].found_in(text)) {
            ok = fail("pattern", [&] {
                return quotation(text) + " does not match the pattern " +
                       plan_.patterns[checks.pattern].text();
            });
        }
        return ok;
    }

    bool check_length(const StringChecks& checks, std::string_view text) {
        const auto is_first_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
        const auto length =
            static_cast<std::uint64_t>(std::count_if(text.begin(), text.end(), is_first_byte));
        bool ok = true;
        if (length < checks.min_length && stops(ok, fail("minLength", [&] {
                                                    return expected_count("at least", checks.min_length,
                                                                          "character", length) +
                                                           ": " + quotation(text);
                                                }))) {
            return false;
        }
        if (length > checks.max_length) {
            ok = fail("maxLength", [&] {
                return expected_count("at most", checks.max_length, "character", length) + ": " +
                       quotation(text);
            });
        }
        return ok;
    }

    bool check_array(const ArrayChecks& checks, V value) {
        bool ok = true;
        std::uint64_t count = 0;
        bool contains = checks.contains == kNone;
        const bool complete = value.for_each_item([&](V item) AEP_XDM_INLINE {
            const Index node = count < checks.tuple.size()
                                   ? plan_.children[checks.tuple.begin + static_cast<Index>(count)]
                                   : checks.items;
            if (node != kAccept && stops(ok, descend(count, node, item))) return false;
            contains = contains || fits(checks.contains, item);
            ++count;
            return true;
        });
        if (!complete) return false;
        if (count < checks.min_items &&
            stops(ok, fail("minItems",
                           [&] { return expected_count("at least", checks.min_items, "item", count); }))) {
            return false;
        }
        if (count > checks.max_items &&
            stops(ok, fail("maxItems",
                           [&] { return expected_count("at most", checks.max_items, "item", count); }))) {
            return false;
        }
        if (checks.is_closed && count > checks.tuple.size() &&
            stops(ok, fail("additionalItems",
                           [&] { return expected_count("at most", checks.tuple.size(), "item", count); }))) {
            return false;
        }
        if (!contains && stops(ok, fail("contains", [] { return "no item is as one of them must be"; }))) {
            return false;
        }
        if (checks.is_unique && count > 1) ok = check_unique(value) && ok;
        return ok;
    }

    bool check_unique(V value) {
        std::vector<ValueHash>& hashes = state_.hashes;
        hashes.clear();
        value.for_each_item([&](V item) {
            hashes.push_back(hash_value(item, value_hash_seed()));
            return true;
        });
        std::sort(hashes.begin(), hashes.end());
        if (std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end()) return true;
        return fail("uniqueItems", [] { return "some items are equal, and each must be unique"; });
    }

    bool check_object(const ObjectChecks& checks, V value) {
        bool ok = true;
        std::uint64_t seen = 0;
        std::uint64_t count = 0;  ///< where somebody asks for it
        const SlotTable table = plan_.table(checks);
        const bool complete = value.for_each_member([&](std::string_view key, V member) AEP_XDM_INLINE {
            bool is_named = false;
            const ValueKind kind = member.kind();
            if (const Slot* slot = table.find(key, words_of(key))) {
                seen |= std::uint64_t{1} << slot->required_bit;
                if ((slot->settled & kind_bit(kind)) != 0) return true;
                if (stops(ok, descend_closely(key, plan_.nodes[slot->node], kind, member))) return false;
                if (slot->is_all) return true;
                is_named = slot->is_property;
            }
            const Verdict verdict = check_more(checks, key, member, is_named);
            if (verdict != Verdict::Stripped) ++count;
            return !stops(ok, verdict != Verdict::Fails);
        });
        if (!complete) return false;
        if (const std::uint64_t missing = checks.required & ~seen;
            missing != 0 && stops(ok, fail_required(checks, missing))) {
            return false;
        }
        return (!checks.asks_more || check_members(checks, count, value)) && ok;
    }

    /// What the object must pass when all its members are known.
    bool check_members(const ObjectChecks& checks, std::uint64_t count, V value) {
        bool ok = true;
        if (count < checks.min_properties && stops(ok, fail("minProperties", [&] {
                                                       return expected_count(
                                                           "at least", checks.min_properties, "field", count);
                                                   }))) {
            return false;
        }
        if (count > checks.max_properties && stops(ok, fail("maxProperties", [&] {
                                                       return expected_count("at most", checks.max_properties,
                                                                             "field", count);
                                                   }))) {
            return false;
        }
        for (Index i = checks.dependencies.begin; i < checks.dependencies.end; ++i) {
            if (stops(ok, check_dependency(plan_.dependencies[i], value))) return false;
        }
        return ok;
    }

    enum class Verdict : std::uint8_t { Fits, Fails, Stripped };

    /// What a member must pass besides the node of its slot.
    Verdict check_more(const ObjectChecks& checks, std::string_view key, V member, bool is_named) {
        bool ok = true;
        for (Index i = checks.patterns.begin; i < checks.patterns.end; ++i) {
            const PatternProperty& entry = plan_.pattern_properties[i];
            if (!plan_.patterns[entry.pattern].found_in(key)) continue;
            is_named = true;
            if (stops(ok, descend(key, entry.node, member))) return Verdict::Fails;
        }
        if (!is_named) {
            if (is_closed(checks)) {
                if (is_stripped(checks, key)) return Verdict::Stripped;
                if (stops(ok, fail_unknown(key))) return Verdict::Fails;
            } else if (checks.additional != kAccept && stops(ok, descend(key, checks.additional, member))) {
                return Verdict::Fails;
            }
        }
        if (checks.property_names != kNone) ok = check_name(checks, key) && ok;
        return ok ? Verdict::Fits : Verdict::Fails;
    }

    static KeyWords words_of(std::string_view key) {
        if constexpr (has_padded_keys<V>) return KeyWords::of_padded(key);
        return KeyWords{key};
    }

    [[nodiscard]] bool is_closed(const ObjectChecks& checks) const {
        return checks.closed == Closed::BySchema ||
               (checks.closed == Closed::ByRegistry && state_.unknown_keys != UnknownKeys::Allow);
    }

    bool is_stripped(const ObjectChecks& checks, std::string_view key) {
        if (state_.unknown_keys != UnknownKeys::Strip || !checks.is_strippable) return false;
        if constexpr (!kReporting) state_.strip.push_back(key);
        return true;
    }

    bool fail_unknown(std::string_view key) {
        return fail_key("additionalProperties", key, [&] { return "unknown field " + quotation(key); });
    }

    bool fail_required(const ObjectChecks& checks, std::uint64_t missing) {
        if constexpr (kReporting) {
            for (Index i = checks.slots.begin; i < checks.slots.end; ++i) {
                const Slot& slot = plan_.slots[i];
                if (slot.key == kNone || slot.required_bit == Slot::kNotRequired) continue;
                if ((missing >> slot.required_bit & 1U) == 0) continue;
                fail_missing("required", plan_.key_of(slot));
            }
        }
        return false;
    }

    bool fail_missing(std::string_view keyword, std::string_view key) {
        return fail_key(keyword, key, [&] { return "the required field " + quotation(key) + " is missing"; });
    }

    bool check_name(const ObjectChecks& checks, std::string_view key) {
        const Json name{ValueKind::String, key};
        if (Walk<JsonView, false>{state_}.check(checks.property_names, JsonView{&name})) return true;
        return fail_key("propertyNames", key, [&] { return "a field may not be named " + quotation(key); });
    }

    static bool has(V object, std::string_view wanted) {
        return !object.for_each_member([&](std::string_view key, V) { return key != wanted; });
    }

    bool check_dependency(const Dependency& dependency, V value) {
        const std::string& key = plan_.texts[dependency.key];
        if (!has(value, key)) return true;
        bool ok = true;
        for (Index i = dependency.keys.begin; i < dependency.keys.end; ++i) {
            const std::string& needed = plan_.texts[plan_.dependent_keys[i]];
            if (has(value, needed)) continue;
            const bool failed = fail_key("dependencies", needed, [&] {
                return "the field " + quotation(needed) + " is missing, which " + quotation(key) + " needs";
            });
            if (stops(ok, failed)) return false;
        }
        if (dependency.node != kAccept) {
            if (!charge()) return false;
            ok = check(dependency.node, value) && ok;
        }
        return ok;
    }

    bool check_constants(const Constants& constants, V value) {
        const ValueHash hash = hash_value(value, value_hash_seed());
        const auto has_hash = [&](const Range& range) {
            return std::binary_search(plan_.hashes.begin() + range.begin, plan_.hashes.begin() + range.end,
                                      hash);
        };
        bool ok = true;
        if (constants.text != kNone && !has_hash(constants.hashes)) {
            const bool failed =
                fail("enum", [&] { return expected(plan_.texts[constants.text], value_text(value)); });
            if (stops(ok, failed)) return false;
        }
        if (constants.const_text != kNone && !has_hash(constants.const_hash)) {
            ok =
                fail("const", [&] { return expected(plan_.texts[constants.const_text], value_text(value)); });
        }
        return ok;
    }

    /// Counts a schema that looks at the same value again: only those can multiply.
    bool charge() {
        if (!state_.aborted.empty()) return false;
        return ++state_.branches <= Validator::kMostBranches || abort("effort");
    }

    bool check_combination(const Combination& combination, V value) {
        bool ok = true;
        for (Index i = combination.all.begin; i < combination.all.end; ++i) {
            if (!charge()) return false;
            if (stops(ok, check(plan_.children[i], value))) return false;
        }
        if (!combination.any.empty() && count_fitting(combination.any, value, 1) == 0) {
            const bool failed =
                fail("anyOf", [&] { return alternatives_text(0, combination.any.size(), "anyOf"); });
            if (stops(ok, failed)) return false;
        }
        if (!combination.one.empty()) {
            const std::size_t fitting = count_fitting(combination.one, value, kReporting ? kNone : 2);
            if (fitting != 1) {
                const bool failed = fail(
                    "oneOf", [&] { return alternatives_text(fitting, combination.one.size(), "oneOf"); });
                if (stops(ok, failed)) return false;
            }
        }
        if (combination.negated != kNone && fits(combination.negated, value)) {
            ok = fail("not", [] { return "is as it must not be"; });
        }
        return ok && state_.aborted.empty();
    }

    std::size_t count_fitting(const Range& range, V value, std::size_t enough) {
        std::size_t fitting = 0;
        for (Index i = range.begin; i < range.end && fitting < enough; ++i) {
            if (fits(plan_.children[i], value)) ++fitting;
        }
        return fitting;
    }

    bool check_path(const RequiredPath& path, std::size_t step, V value) {
        if (step == path.keys.size()) return true;
        const std::string& key = path.keys[step];
        if (value.kind() != ValueKind::Object) {
            return fail("type", [&] { return expected("object", typed_text(value)); });
        }
        bool ok = true;
        bool found = false;
        const bool complete = value.for_each_member([&](std::string_view name, V member) {
            if (name != key) return true;
            found = true;
            const std::size_t size = state_.pointer.size();
            if constexpr (kReporting) append_pointer_step(state_.pointer, name);
            const bool fine = check_path(path, step + 1, member);
            state_.pointer.resize(size);
            return !stops(ok, fine);
        });
        return found ? ok && complete : fail_missing("required", key);
    }

    WalkState& state_;
    const Plan& plan_;
};

}  // namespace detail

template <ValueView V>
bool Validator::validate_view(V value, Report& report) {
    report.clear();
    strip_.clear();
    pointer_.clear();
    detail::WalkState state{schema_->plan(), unknown_keys_, strip_, hashes_, pointer_, report, 0, 0, {}};
    if (detail::Walk<V, false>{state}.check_record(value)) {
        if (strip_.size() > 1) {
            std::sort(strip_.begin(), strip_.end(), [](std::string_view left, std::string_view right) {
                return left.data() < right.data();
            });
        }
        return true;
    }
    strip_.clear();
    if (state.aborted.empty()) {
        state.nested = 0;
        state.branches = 0;
        std::ignore = detail::Walk<V, true>{state}.check_record(value);
    }
    if (!state.aborted.empty()) report_bound(state.aborted, report);
    return false;
}

}  // namespace aep::xdm
