#include "xdm/violation_text.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "base/json_text.hpp"

namespace aep::xdm {
namespace {

constexpr std::size_t kLongestQuote = 60;  ///< in bytes

/// The first bytes of a text, cut between characters.
std::string_view shortened(std::string_view text) {
    if (text.size() <= kLongestQuote) return text;
    std::size_t end = kLongestQuote;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return text.substr(0, end);
}

}  // namespace

std::string quotation(std::string_view text) {
    const std::string_view part = shortened(text);
    std::string out;
    base::append_json_string(out, part);
    if (part.size() < text.size()) out.insert(out.size() - 1, "...");
    return out;
}

std::string number_text(const Number& number) {
    switch (number.kind) {
        case ValueKind::Integer:
            return fmt::format("{}", number.integer);
        case ValueKind::Unsigned:
            return fmt::format("{}", number.unsigned_integer);
        case ValueKind::Real:
            return fmt::format("{}", number.real);
        default: {
            const std::string_view part = shortened(number.text);
            return std::string{part} + (part.size() < number.text.size() ? "..." : "");
        }
    }
}

std::string types_text(Kinds kinds) {
    static constexpr std::array<std::pair<ValueKind, std::string_view>, 6> kNames{{
        {ValueKind::Integer, "number"},
        {ValueKind::String, "string"},
        {ValueKind::Boolean, "boolean"},
        {ValueKind::Object, "object"},
        {ValueKind::Array, "array"},
        {ValueKind::Null, "null"},
    }};
    std::vector<std::string_view> names;
    for (const auto& [kind, name] : kNames) {
        if ((kinds & kind_bit(kind)) == 0) continue;
        names.push_back(kind == ValueKind::Integer && (kinds & kIntegersOnly) != 0 ? "integer" : name);
    }
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
        out += names[i];
    }
    return out;
}

std::string expected(std::string_view what, std::string_view found) {
    return fmt::format("expected {}, found {}", what, found);
}

std::string expected_count(std::string_view relation, std::uint64_t limit, std::string_view unit,
                           std::uint64_t found) {
    return fmt::format("expected {} {} {}{}, found {}", relation, limit, unit, limit == 1 ? "" : "s", found);
}

std::string format_text(TextFormat format, std::string_view found) {
    return fmt::format("expected a {} such as {}, found {}", name_of(format), example_of(format),
                       quotation(found));
}

std::string alternatives_text(std::size_t fitting, std::size_t all, std::string_view keyword) {
    if (fitting == 0) return fmt::format("fits none of the {} alternatives of {}", all, keyword);
    return fmt::format("fits {} of the {} alternatives of {}, and must fit exactly one", fitting, all,
                       keyword);
}

}  // namespace aep::xdm
