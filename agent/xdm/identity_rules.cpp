#include "xdm/identity_rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "xdm/text_format.hpp"

namespace aep::xdm {
namespace {

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::size_t code_points(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) { return (c & 0xC0) != 0x80; }));
}

bool is_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool same_but_for_case(std::string_view one, std::string_view other) {
    return std::ranges::equal(one, other, [](char a, char b) {
        const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
        return lower(a) == lower(b);
    });
}

}  // namespace

IdentityRules::IdentityRules(const IdentityOptions& options, std::optional<StreamKind> of_class)
    : is_event_{of_class == StreamKind::ExperienceEvent},
      placeholders_{options.placeholders.begin(), options.placeholders.end()},
      namespaces_{options.namespaces} {
    // The identity service blocks these (guardrails).
    for (const char* blocked : {"null", "anonymous", "invalid"}) placeholders_.emplace(blocked);
    primary_in_map_ = options.primary == kInIdentityMap;
    if (!primary_in_map_) primary_ = pointer_steps(options.primary);
}

std::optional<IdentityFault> IdentityRules::check_id(std::string_view id, std::string_view code) const {
    if (is_blank(id)) return IdentityFault{"minLength", "an identity must not be blank"};
    if (id.size() > kLongestIdentity && code_points(id) > kLongestIdentity) {
        return IdentityFault{"maxLength", fmt::format("an identity has at most {} characters, this has {}",
                                                      kLongestIdentity, code_points(id))};
    }
    if (code == "ECID" && (id.size() != kEcidDigits || !is_digits(id))) {
        return IdentityFault{"pattern", fmt::format("an ECID is {} digits", kEcidDigits)};
    }
    if (placeholders_.contains(id)) {
        return IdentityFault{"not", fmt::format("\"{}\" is a placeholder, no identity: AEP blocks it", id)};
    }
    return std::nullopt;
}

std::optional<IdentityFault> IdentityRules::check_namespace(std::string_view code) const {
    if (namespaces_.empty() || std::ranges::find(namespaces_, code) != namespaces_.end()) return std::nullopt;
    for (const std::string& known : namespaces_) {
        if (same_but_for_case(known, code)) {
            return IdentityFault{"enum", fmt::format("namespace codes have their case: write {}", known)};
        }
    }
    return IdentityFault{
        "enum", fmt::format("the namespace is not among those allowed: {}", fmt::join(namespaces_, ", "))};
}

std::optional<IdentityFault> IdentityRules::check_event_id(std::string_view id) {
    if (is_blank(id)) return IdentityFault{"minLength", "_id must not be blank"};
    if (!matches(TextFormat::UriReference, id)) {
        return IdentityFault{"format", "_id must be a URI reference: hex digits or a UUID are always safe"};
    }
    return std::nullopt;
}

std::optional<IdentityFault> IdentityRules::check_timestamp(std::string_view timestamp) {
    if (matches(TextFormat::DateTime, timestamp)) return std::nullopt;
    return IdentityFault{"format", "not a date-time that AEP accepts, such as 2026-01-31T12:00:00.123Z"};
}

}  // namespace aep::xdm
