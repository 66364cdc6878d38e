#include "app/letter_filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <compare>

#include "base/suggest.hpp"

namespace aep::app {
namespace {

using store::StoredLetter;

constexpr const char* kExamples = "such as code=refused, status>=500, 'time<2026-01-31' or reason~timestamp";

bool compare(std::strong_ordering order, std::string_view op) {
    if (op == "=") return order == 0;
    if (op == "!=") return order != 0;
    if (op == "<") return order < 0;
    if (op == "<=") return order <= 0;
    if (op == ">") return order > 0;
    return order >= 0;
}

/// The beginning of 2026-01-31T12:00:00.123Z, at least the year.
bool is_beginning_of_time(std::string_view text) {
    constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd.dddZ";
    if (text.size() < 4 || text.size() > kShape.size()) return false;
    return std::ranges::equal(text, kShape.substr(0, text.size()), [](char c, char shape) {
        return shape == 'd' ? c >= '0' && c <= '9' : c == shape;
    });
}

}  // namespace

struct LetterFilter::Field {
    std::string_view name;
    Kind kind = Kind::Text;
    std::string StoredLetter::*text = nullptr;
    std::uint64_t StoredLetter::*number = nullptr;
};

const std::vector<LetterFilter::Field>& LetterFilter::all_fields() {
    static const std::vector<Field> fields{
        {"time", Kind::Time, &StoredLetter::time},
        {"first_time", Kind::Time, &StoredLetter::first_time},
        {"code", Kind::Text, &StoredLetter::code},
        {"reason", Kind::Text, &StoredLetter::reason},
        {"errors", Kind::Text, &StoredLetter::errors},
        {"stream", Kind::Text, &StoredLetter::stream},
        {"source", Kind::Text, &StoredLetter::source},
        {"file", Kind::Text, &StoredLetter::name},
        {"origin", Kind::Text, &StoredLetter::name},
        {"generation", Kind::Text, &StoredLetter::generation},
        {"position", Kind::Number, nullptr, &StoredLetter::position},
        {"status", Kind::Number, nullptr, &StoredLetter::status},
        {"answer", Kind::Text, &StoredLetter::answer},
        {"attempts", Kind::Number, nullptr, &StoredLetter::attempts},
        {"true_size", Kind::Number, nullptr, &StoredLetter::true_size},
        {"id", Kind::Text, &StoredLetter::id},
        {"agent_version", Kind::Text, &StoredLetter::agent_version},
        {"replays", Kind::Number, nullptr, &StoredLetter::replays},
        {"content", Kind::Text, &StoredLetter::content},
    };
    return fields;
}

std::string LetterFilter::fields() {
    std::string names;
    for (const Field& field : all_fields())
        names += fmt::format("{}{}", names.empty() ? "" : ", ", field.name);
    return names;
}

base::Result<LetterFilter> LetterFilter::parse(const std::vector<std::string>& terms) {
    LetterFilter filter;
    for (const std::string& text : terms) {
        auto term = parse_term(text);
        if (!term) return base::Error{fmt::format("--where '{}': {}", text, term.error().message)};
        filter.terms_.push_back(std::move(*term));
    }
    return filter;
}

base::Result<LetterFilter::Term> LetterFilter::parse_term(const std::string& text) {
    constexpr std::array<std::string_view, 7> kOps{"!=", "<=", ">=", "=", "<", ">", "~"};
    const std::size_t end = text.find_first_of("!<>=~");
    if (end == std::string::npos || end == 0) {
        return base::Error{fmt::format("is not FIELD OP VALUE, {}", kExamples)};
    }
    const std::string_view rest = std::string_view{text}.substr(end);
    const auto op = std::ranges::find_if(kOps, [&](std::string_view one) { return rest.starts_with(one); });
    if (op == kOps.end()) return base::Error{"the operators are =, !=, <, <=, >, >= and ~"};

    const std::string name = text.substr(0, text.find_last_not_of(' ', end - 1) + 1);
    const auto field = std::ranges::find(all_fields(), name, &Field::name);
    if (field == all_fields().end()) {
        std::vector<std::string> names;
        for (const Field& one : all_fields()) names.emplace_back(one.name);
        return base::Error{
            fmt::format("there is no field '{}'; {}", name, base::suggest(name, names, "the fields are"))};
    }
    std::string_view value = rest.substr(op->size());
    while (value.starts_with(' ')) value.remove_prefix(1);
    // Letters have milliseconds: whole seconds are a beginning of them, but for the Z.
    if (field->kind == Kind::Time && value.size() == 20 && value.ends_with('Z')) value.remove_suffix(1);
    Term term{.field = &*field, .op = *op, .value = std::string{value}};
    if (field->kind == Kind::Number) {
        const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), term.number);
        if (*op == "~" || error != std::errc{} || stop != value.data() + value.size()) {
            return base::Error{
                fmt::format("'{}' is compared with a whole number by =, !=, <, <=, > or >=", name)};
        }
    }
    if (field->kind == Kind::Time && *op != "~" && !is_beginning_of_time(value)) {
        return base::Error{fmt::format("'{}' is no time such as 2026-01-31 or 2026-01-31T12:00:00Z", value)};
    }
    return term;
}

bool LetterFilter::matches(const StoredLetter& letter) const {
    return std::ranges::all_of(terms_, [&](const Term& term) { return holds(term, letter); });
}

bool LetterFilter::holds(const Term& term, const StoredLetter& letter) {
    const Field& field = *term.field;
    if (field.kind == Kind::Number) return compare(letter.*field.number <=> term.number, term.op);
    const std::string_view text = letter.*field.text;
    if (term.op == "~") return text.find(term.value) != std::string_view::npos;
    const bool is_time = field.kind == Kind::Time;
    return compare((is_time ? text.substr(0, term.value.size()) : text) <=> term.value, term.op);
}

}  // namespace aep::app
