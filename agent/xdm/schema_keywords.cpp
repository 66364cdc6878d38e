#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <compare>
#include <utility>

#include "base/suggest.hpp"
#include "xdm/integer_storage.hpp"
#include "xdm/json_pointer.hpp"
#include "xdm/schema_compiler.hpp"
#include "xdm/violation_text.hpp"

namespace aep::xdm {
namespace {

/// Counts above this are as good as this.
constexpr std::uint64_t kHugeCount = std::uint64_t{1} << 60U;

constexpr std::array<std::pair<std::string_view, Kinds>, 7> kTypes{{
    {"array", kind_bit(ValueKind::Array)},
    {"boolean", kind_bit(ValueKind::Boolean)},
    {"integer", kInteger},
    {"null", kind_bit(ValueKind::Null)},
    {"number", kNumber},
    {"object", kind_bit(ValueKind::Object)},
    {"string", kind_bit(ValueKind::String)},
}};

std::string at_keyword(std::string_view name) {
    return "/" + std::string{name};
}

std::string at_item(std::string_view name, std::size_t index) {
    return fmt::format("/{}/{}", name, index);
}

/// `one of "a", "b", "c" (12 in all)`
std::string choice_text(std::span<const Json> values) {
    constexpr std::size_t kMostShown = 8;
    std::string text = values.size() == 1 ? "" : "one of ";
    for (std::size_t i = 0; i < std::min(values.size(), kMostShown); ++i) {
        if (i > 0) text += ", ";
        text += value_text(JsonView{&values[i]});
    }
    if (values.size() > kMostShown) text += fmt::format(", ... ({} in all)", values.size());
    return values.empty() ? "nothing at all" : text;
}

}  // namespace

void SchemaCompiler::read_keywords(const Json& schema) {
    keywords_.fill(nullptr);
    for (const auto& [name, value] : schema.members()) {
        const Keyword keyword = keyword_of(name);
        keywords_[static_cast<std::size_t>(keyword)] = &value;
        const bool is_applied = keyword != Keyword::None && keyword != Keyword::If &&
                                keyword != Keyword::Then && keyword != Keyword::Else;
        if (is_applied || !remarked_.insert(std::string{name}).second) continue;
        std::string step;
        append_pointer_step(step, name);
        if (std::string remark = remark_on(name); !remark.empty()) warn(step, std::move(remark));
    }
}

void SchemaCompiler::compile_keywords(Node& node) {
    more_required_.clear();
    compile_type(node);
    compile_numbers(node);
    compile_strings(node);
    compile_arrays(node);
    compile_objects(node);
    compile_constants(node);
    compile_combination(node);
}

Kinds SchemaCompiler::read_type_name(const Json& value, const std::string& where) {
    if (!value.is_string()) {
        error(where, "must be the name of a type");
        return kAllKinds;
    }
    std::vector<std::string> names;
    for (const auto& [name, kinds] : kTypes) {
        if (name == value.text()) return kinds;
        names.emplace_back(name);
    }
    error(where, fmt::format("unknown type {}, {}", quotation(value.text()),
                             base::suggest(value.text(), names, "known are")));
    return kAllKinds;
}

void SchemaCompiler::compile_type(Node& node) {
    const Json* type = get(Keyword::Type);
    if (type == nullptr) return;
    if (!type->is_array()) {
        node.kinds = read_type_name(*type, "/type");
        return;
    }
    node.kinds = 0;
    std::size_t index = 0;
    for (const Json& name : type->items()) node.kinds |= read_type_name(name, at_item("type", index++));
    if (index == 0) error("/type", "must name one type at least");
    // Where every number will do, integers need not be told apart.
    if ((node.kinds & kNumber) == kNumber) node.kinds &= static_cast<Kinds>(~kIntegersOnly);
}

std::optional<Number> SchemaCompiler::read_number(Keyword keyword, std::string_view name) {
    const Json* value = get(keyword);
    if (value == nullptr) return std::nullopt;
    if (value->kind() == ValueKind::Boolean) {
        error(at_keyword(name), "must be a number: draft-04's true beside a limit became the limit itself");
        return std::nullopt;
    }
    if (!is_number(value->kind())) {
        error(at_keyword(name), "must be a number");
        return std::nullopt;
    }
    Number number = number_of(JsonView{value});
    if (number.kind == ValueKind::Big) number.text = plan_->texts[add_text(std::string{number.text})];
    return number;
}

void SchemaCompiler::read_count(Keyword keyword, std::string_view name, std::uint64_t& count) {
    const Json* value = get(keyword);
    if (value == nullptr) return;
    const bool is_count = is_number(value->kind()) && is_integer(number_of(JsonView{value})) &&
                          std::is_gteq(compare(number_of(JsonView{value}), Number::of(0)));
    if (!is_count) return error(at_keyword(name), "must be an integer, 0 or more");
    count = kHugeCount;
    if (value->kind() == ValueKind::Integer) count = static_cast<std::uint64_t>(value->integer());
    if (value->kind() == ValueKind::Real && value->real() < static_cast<double>(kHugeCount)) {
        count = static_cast<std::uint64_t>(value->real());
    }
    count = std::min(count, kHugeCount);
}

void SchemaCompiler::compile_numbers(Node& node) {
    NumberChecks checks;
    checks.minimum = read_number(Keyword::Minimum, "minimum");
    checks.maximum = read_number(Keyword::Maximum, "maximum");
    checks.above = read_number(Keyword::ExclusiveMinimum, "exclusiveMinimum");
    checks.below = read_number(Keyword::ExclusiveMaximum, "exclusiveMaximum");
    if (const auto divisor = read_number(Keyword::MultipleOf, "multipleOf")) {
        const Decimal decimal = to_decimal(*divisor);
        if (decimal.negative || decimal.is_zero()) {
            error("/multipleOf", "must be above 0");
        } else if (decimal.digits.size() > Divisor::kMostDigits) {
            error("/multipleOf", fmt::format("may have at most {} digits", Divisor::kMostDigits));
        } else {
            checks.multiple_of.emplace(decimal);
            checks.multiple_of_text = add_text(number_text(*divisor));
        }
    }
    confine_to_storage(node, checks);
    if (!checks.minimum && !checks.maximum && !checks.above && !checks.below && !checks.multiple_of) return;
    node.numbers = static_cast<Index>(plan_->numbers.size());
    plan_->numbers.push_back(checks);
}

void SchemaCompiler::confine_to_storage(const Node& node, NumberChecks& checks) {
    const Json* type = get(Keyword::MetaXdmType);
    if (type == nullptr || !type->is_string() || (node.kinds & kIntegersOnly) == 0) return;
    const IntegerStorage* storage = integer_storage(type->text());
    if (storage == nullptr) return;
    const Number lowest = Number::of(storage->lowest);
    const Number highest = Number::of(storage->highest);
    if (!checks.minimum || std::is_lt(compare(*checks.minimum, lowest))) checks.minimum = lowest;
    if (!checks.maximum || std::is_gt(compare(*checks.maximum, highest))) checks.maximum = highest;
}

void SchemaCompiler::compile_strings(Node& node) {
    StringChecks checks;
    read_count(Keyword::MinLength, "minLength", checks.min_length);
    read_count(Keyword::MaxLength, "maxLength", checks.max_length);
    if (const Json* format = get(Keyword::Format)) {
        if (!format->is_string()) error("/format", "must be the name of a format");
        checks.format = format->is_string() ? text_format_of(format->text()) : TextFormat::None;
    }
    if (const Json* pattern = get(Keyword::Pattern)) {
        if (pattern->is_string()) {
            checks.pattern = add_pattern(pattern->text(), "/pattern");
        } else {
            error("/pattern", "must be a string: a regular expression");
        }
    }
    const StringChecks none;
    if (checks.min_length == none.min_length && checks.max_length == none.max_length &&
        checks.format == TextFormat::None && checks.pattern == kNone) {
        return;
    }
    node.strings = static_cast<Index>(plan_->strings.size());
    plan_->strings.push_back(checks);
}

/// kNone where the pattern cannot be run.
Index SchemaCompiler::add_pattern(std::string_view text, const std::string& where) {
    const auto [known, is_new] = patterns_.try_emplace(std::string{text}, kNone);
    if (is_new) {
        known->second = static_cast<Index>(plan_->patterns.size());
        plan_->patterns.emplace_back(text);
    }
    const Pattern& pattern = plan_->patterns[known->second];
    switch (pattern.outcome()) {
        case Translation::Outcome::Done:
            return known->second;
        case Translation::Outcome::Malformed:
            error(where, fmt::format("{} is no regular expression: {}", quotation(text), pattern.reason()));
            return kNone;
        case Translation::Outcome::Unsupported:
            warn(where, fmt::format("{} needs what the engine here does not have ({}): not checked here, AEP "
                                    "will check it",
                                    quotation(text), pattern.reason()));
            return kNone;
    }
    return kNone;
}

void SchemaCompiler::compile_arrays(Node& node) {
    ArrayChecks checks;
    read_count(Keyword::MinItems, "minItems", checks.min_items);
    read_count(Keyword::MaxItems, "maxItems", checks.max_items);
    if (const Json* unique = get(Keyword::UniqueItems)) {
        if (unique->kind() != ValueKind::Boolean) error("/uniqueItems", "must be true or false");
        checks.is_unique = unique->kind() == ValueKind::Boolean && unique->boolean();
    }
    if (const Json* items = get(Keyword::Items)) {
        if (items->is_array()) {
            checks.tuple = add_children(add_list(Keyword::Items, "items", context_below()));
            if (const Json* more = get(Keyword::AdditionalItems)) {
                checks.is_closed = more->kind() == ValueKind::Boolean && !more->boolean();
                if (!checks.is_closed) checks.items = add(*more, context_below(), "additionalItems");
            }
        } else {
            checks.items = add(*items, context_below(), "items");
        }
    }
    if (const Json* contains = get(Keyword::Contains)) {
        checks.contains = add(*contains, Context::AsWritten, "contains");
    }
    const ArrayChecks none;
    if (checks.min_items == none.min_items && checks.max_items == none.max_items && !checks.is_unique &&
        checks.tuple.empty() && checks.items == kAccept && checks.contains == kNone && !checks.is_closed) {
        return;
    }
    node.arrays = static_cast<Index>(plan_->arrays.size());
    plan_->arrays.push_back(checks);
}

void SchemaCompiler::compile_constants(Node& node) {
    Constants constants;
    const auto add_hashes = [&](std::span<const Json> values) {
        Range range{static_cast<Index>(plan_->hashes.size()), 0};
        for (const Json& value : values) {
            plan_->hashes.push_back(hash_value(JsonView{&value}, value_hash_seed()));
        }
        range.end = static_cast<Index>(plan_->hashes.size());
        std::sort(plan_->hashes.begin() + range.begin, plan_->hashes.end());
        return range;
    };
    if (const Json* values = get(Keyword::Enum)) {
        if (!values->is_array()) return error("/enum", "must be a list of values");
        if (values->items().empty()) warn("/enum", "is empty: no value fits");
        constants.hashes = add_hashes(values->items());
        constants.text = add_text(choice_text(values->items()));
    }
    if (const Json* value = get(Keyword::Const)) {
        constants.const_hash = add_hashes({value, 1});
        constants.const_text = add_text(value_text(JsonView{value}));
    }
    if (constants.text == kNone && constants.const_text == kNone) return;
    node.constants = static_cast<Index>(plan_->constants.size());
    plan_->constants.push_back(constants);
}

void SchemaCompiler::compile_combination(Node& node) {
    Combination combination;
    const Context member = context() == Context::AsWritten ? Context::AsWritten : Context::Member;
    std::vector<Index> all = add_list(Keyword::AllOf, "allOf", member);
    all.insert(all.end(), more_required_.begin(), more_required_.end());
    combination.all = add_children(all);
    combination.any = add_children(add_list(Keyword::AnyOf, "anyOf", Context::AsWritten));
    combination.one = add_children(add_list(Keyword::OneOf, "oneOf", Context::AsWritten));
    if (const Json* negated = get(Keyword::Not)) {
        combination.negated = add(*negated, Context::AsWritten, "not");
    }
    if (combination.all.empty() && combination.any.empty() && combination.one.empty() &&
        combination.negated == kNone) {
        return;
    }
    node.combination = static_cast<Index>(plan_->combinations.size());
    plan_->combinations.push_back(combination);
}

std::vector<Index> SchemaCompiler::add_list(Keyword keyword, std::string_view name, Context context) {
    std::vector<Index> nodes;
    const Json* list = get(keyword);
    if (list == nullptr) return nodes;
    if (!list->is_array() || (list->items().empty() && keyword != Keyword::Items)) {
        error(at_keyword(name), "must be a list of one schema or more");
        return nodes;
    }
    for (const Json& schema : list->items()) {
        nodes.push_back(add(schema, context, name, {}, static_cast<Index>(nodes.size())));
    }
    return nodes;
}

Range SchemaCompiler::add_children(const std::vector<Index>& nodes) {
    const auto begin = static_cast<Index>(plan_->children.size());
    plan_->children.insert(plan_->children.end(), nodes.begin(), nodes.end());
    return {begin, static_cast<Index>(plan_->children.size())};
}

Index SchemaCompiler::add_text(std::string text) {
    plan_->texts.push_back(std::move(text));
    return static_cast<Index>(plan_->texts.size() - 1);
}

}  // namespace aep::xdm
