#include <algorithm>

#include "base/suggest.hpp"
#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {
namespace {

using xdm::UnknownKeys;
using xdm::Validate;

const Words<Validate> kModes{
    {{"strict", Validate::Strict}, {"warn", Validate::Warn}, {"none", Validate::None}}};
const Words<UnknownKeys> kUnknownKeys{
    {{"reject", UnknownKeys::Reject}, {"strip", UnknownKeys::Strip}, {"allow", UnknownKeys::Allow}}};

struct Coercion {
    std::string_view name;
    bool xdm::CoerceOptions::*option;
};
constexpr Coercion kCoercions[] = {{"string_from_number", &xdm::CoerceOptions::string_from_number},
                                   {"number_from_string", &xdm::CoerceOptions::number_from_string},
                                   {"timestamp", &xdm::CoerceOptions::timestamp},
                                   {"trim", &xdm::CoerceOptions::trim},
                                   {"drop_nulls", &xdm::CoerceOptions::drop_nulls}};

std::optional<Fault> check_coercion(std::string_view text) {
    std::vector<std::string> names;
    for (const Coercion& coercion : kCoercions) {
        if (coercion.name == text) return std::nullopt;
        names.emplace_back(coercion.name);
    }
    return Fault{"is not known", base::suggest(text, names, "known are")};
}

void read_coerce(MapReader& stream, xdm::CoerceOptions& coerce) {
    std::vector<std::string> names;
    stream.texts("coerce", names, check_coercion);
    for (const Coercion& coercion : kCoercions) {
        coerce.*coercion.option = std::ranges::find(names, coercion.name) != names.end();
    }
}

/// As a JSON pointer.
std::string pointer_of(const std::string& primary) {
    if (primary == "identity_map") return std::string{xdm::kInIdentityMap};
    if (primary.empty() || primary.front() == '/') return primary;
    std::string pointer = "/" + primary;
    std::ranges::replace(pointer, '.', '/');
    return pointer;
}

void read_identity(MapReader identity, xdm::IdentityOptions& options) {
    std::string primary;
    identity.text("primary", primary, check_primary_identity);
    options.primary = pointer_of(primary);
    if (const Value* written = identity.find("primary")) options.primary_place = written->place.to_string();
    identity.texts("placeholders", options.placeholders);
    identity.texts("namespaces", options.namespaces);
    identity.finish();
}

}  // namespace

void read_proof(MapReader& stream, const xdm::EnvelopeOptions& envelope, xdm::ProofOptions& proof) {
    const bool has_schema = !proof.schema_files.empty();
    // A raw record is no XDM yet: without a schema of its own nothing is known about it.
    if (envelope.format == xdm::StreamFormat::Raw && !has_schema) proof.validate = Validate::None;
    stream.choice("validate", proof.validate, kModes);
    if (!has_schema) proof.unknown_keys = UnknownKeys::Allow;
    stream.choice("unknown_keys", proof.unknown_keys, kUnknownKeys);
    read_coerce(stream, proof.coerce);
    if (!has_schema) {
        const std::string why = "needs a schema to go by";
        const std::string cure = "add `schema: {file: FILE}`, or remove it";
        if (proof.unknown_keys != UnknownKeys::Allow) stream.fail("unknown_keys", why, cure);
        if (proof.coerce.any()) stream.fail("coerce", why, cure);
    }
    if (envelope.format == xdm::StreamFormat::Xdm) {
        read_identity(stream.section("identity"), proof.identity);
    } else {
        stream.misplaced({"identity"}, "only for `format: xdm`");
    }
}

std::optional<pipeline::InvalidLimit> read_invalid_limit(MapReader& stream) {
    constexpr std::size_t kMost = 100'000;
    if (!stream.has("invalid_limit")) {
        stream.ignore({"invalid_limit"});
        return std::nullopt;
    }
    MapReader section = stream.section("invalid_limit");
    pipeline::InvalidLimit limit;
    section.share("share", limit.share);
    section.integer("of", limit.of, {1, kMost});
    section.finish();
    return limit;
}

}  // namespace aep::config
