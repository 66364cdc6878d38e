#pragma once

#include <string_view>

#include "xdm/plan.hpp"
#include "xdm/text_format.hpp"

namespace aep::xdm {

/// What a schema says of the values at one place, as far as a conversion needs to know.
struct FieldExpectation {
    Kinds kinds = kAllKinds;
    TextFormat format = TextFormat::None;

    [[nodiscard]] bool takes(ValueKind kind) const { return (kinds & kind_bit(kind)) != 0; }
    [[nodiscard]] bool takes_numbers() const { return (kinds & (kNumber | kIntegersOnly)) != 0; }
};

/// Of the value at a JSON pointer. Alternatives (anyOf, oneOf) are not looked into: there nothing certain is
/// known.
[[nodiscard]] FieldExpectation expectation_at(const Plan& plan, std::string_view pointer);

}  // namespace aep::xdm
