#include "xdm/entity_prover.hpp"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/json_text.hpp"
#include "xdm/coercions.hpp"
#include "xdm/dom_view.hpp"
#include "xdm/json_pointer.hpp"
#include "xdm/validate_view.hpp"

namespace aep::xdm {
namespace {

namespace dom = simdjson::dom;

/// Finds where the members stand whose keys were told by their addresses.
class KeyFinder {
  public:
    KeyFinder(std::span<const std::string_view> keys, std::vector<TextChange>& found)
        : keys_{keys}, found_{found} {}

    void look(const dom::element& value) {
        const std::size_t size = pointer_.size();
        dom::object object;
        dom::array array;
        if (value.get(object) == simdjson::SUCCESS) {
            for (const auto member : object) {
                append_pointer_step(pointer_, member.key);
                if (is_wanted(member.key)) {
                    found_.push_back({pointer_, TextChange::What::Remove, ""});
                } else {
                    look(member.value);
                }
                pointer_.resize(size);
            }
        } else if (value.get(array) == simdjson::SUCCESS) {
            std::uint64_t index = 0;
            for (const dom::element item : array) {
                append_pointer_step(pointer_, index++);
                look(item);
                pointer_.resize(size);
            }
        }
    }

  private:
    [[nodiscard]] bool is_wanted(std::string_view key) const {
        return std::ranges::binary_search(keys_, key.data(), std::less<>{}, &std::string_view::data);
    }

    std::span<const std::string_view> keys_;
    std::vector<TextChange>& found_;
    std::string pointer_;
};

/// One conversion of one value.
struct Conversion {
    Coercion coercion;
    TextChange change;
};

TextChange replace_by_string(const std::string& pointer, std::string_view text) {
    TextChange change{pointer, TextChange::What::Replace, ""};
    base::append_json_string(change.json, text);
    return change;
}

std::optional<Conversion> convert_string(std::string_view text, const std::string& pointer,
                                         const FieldExpectation& expected, const CoerceOptions& coerce) {
    const bool wants_number = !expected.takes(ValueKind::String) && expected.takes_numbers();
    if (coerce.number_from_string && wants_number && is_json_number(text)) {
        return Conversion{Coercion::NumberFromString,
                          {pointer, TextChange::What::Replace, std::string{text}}};
    }
    if (coerce.timestamp && expected.format == TextFormat::DateTime) {
        if (const auto time = to_date_time(text)) {
            return Conversion{Coercion::Timestamp, replace_by_string(pointer, *time)};
        }
    }
    if (coerce.trim && (expected.takes(ValueKind::String) || (wants_number && coerce.number_from_string))) {
        if (const auto inner = trimmed(text))
            return Conversion{Coercion::Trim, replace_by_string(pointer, *inner)};
    }
    return std::nullopt;
}

std::optional<Conversion> convert_number(const dom::element& value, const std::string& pointer,
                                         const FieldExpectation& expected, const CoerceOptions& coerce) {
    if (!expected.takes(ValueKind::String) || expected.takes_numbers()) return std::nullopt;
    if (expected.format == TextFormat::DateTime) {
        const auto time = coerce.timestamp ? to_date_time(simdjson::minify(value)) : std::nullopt;
        if (!time) return std::nullopt;
        return Conversion{Coercion::Timestamp, replace_by_string(pointer, *time)};
    }
    if (!coerce.string_from_number) return std::nullopt;
    return Conversion{Coercion::StringFromNumber, {pointer, TextChange::What::Quote, ""}};
}

std::optional<Conversion> convert(const dom::element& record, const std::string& pointer,
                                  const FieldExpectation& expected, const CoerceOptions& coerce) {
    dom::element value;
    if (pointer.empty() || record.at_pointer(pointer).get(value) != simdjson::SUCCESS) return std::nullopt;
    if (value.is_string()) return convert_string(value.get_string(), pointer, expected, coerce);
    if (value.is_number()) return convert_number(value, pointer, expected, coerce);
    if (!value.is_null() || !coerce.drop_nulls || expected.takes(ValueKind::Null)) return std::nullopt;
    // An array's items have their places: a null among them cannot go without moving the others.
    dom::element holder;
    const bool in_object =
        record.at_pointer(pointer.substr(0, pointer.rfind('/'))).get(holder) == simdjson::SUCCESS &&
        holder.is_object();
    if (!in_object) return std::nullopt;
    return Conversion{Coercion::DropNulls, {pointer, TextChange::What::Remove, ""}};
}

}  // namespace

std::string_view name_of(Coercion coercion) {
    switch (coercion) {
        case Coercion::StringFromNumber:
            return "string_from_number";
        case Coercion::NumberFromString:
            return "number_from_string";
        case Coercion::Timestamp:
            return "timestamp";
        case Coercion::Trim:
            return "trim";
        case Coercion::DropNulls:
            return "drop_nulls";
    }
    return "";
}

EntityProver::EntityProver(std::shared_ptr<const Proof> proof) : proof_{std::move(proof)} {
    if (proof_->schema) validator_.emplace(proof_->schema, proof_->unknown_keys);
}

bool EntityProver::check(const dom::element& record, const MadeMembers& made) {
    report_.clear();
    const EntityView<DomView> entity{DomView{record}, made};
    // The record's own view is the faster one.
    if (validator_) {
        const bool fits =
            made.any() ? validator_->validate_view(entity, report_) : validator_->validate(record, report_);
        breaks_schema_ = !fits;
    }
    if (proof_->rules) add_broken_rules(*proof_->rules, entity, report_);
    return report_.empty();
}

std::string_view EntityProver::code() const {
    if (breaks_schema_) return "schema_invalid";
    const Violation& first = report_.violations().front();
    if (first.pointer.starts_with(kInIdentityMap)) return "identity_map_invalid";
    if (first.pointer == "/_id") return "id_invalid";
    if (first.pointer == "/timestamp") return "timestamp_invalid";
    if (first.key == "_id") return "id_missing";
    if (first.key == "timestamp") return "timestamp_missing";
    return "identity_invalid";
}

std::vector<TextChange> EntityProver::strip(const dom::element& record, Repairs& repairs) const {
    std::vector<TextChange> changes;
    KeyFinder{validator_->keys_to_strip(), changes}.look(record);
    repairs.stripped += static_cast<std::uint32_t>(changes.size());
    return changes;
}

FieldExpectation EntityProver::expectation(const Violation& violation) const {
    return expectation_at(proof_->schema->plan(), violation.pointer);
}

std::vector<TextChange> EntityProver::coerce(const dom::element& record,
                                             std::span<const Violation> violations, Repairs& repairs) const {
    std::vector<TextChange> changes;
    if (!proof_->coerce.any() || !proof_->schema) return changes;
    std::string_view last;
    for (const Violation& violation : violations) {
        // Violations are sorted by pointer: one value is converted once a round.
        if (!changes.empty() && violation.pointer == last) continue;
        auto conversion = convert(record, violation.pointer, expectation(violation), proof_->coerce);
        if (!conversion) continue;
        last = violation.pointer;
        ++repairs.coerced.at(static_cast<std::size_t>(conversion->coercion));
        changes.push_back(std::move(conversion->change));
    }
    return changes;
}

}  // namespace aep::xdm
