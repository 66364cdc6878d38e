#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "xdm/entity_view.hpp"
#include "xdm/field_expectation.hpp"
#include "xdm/proof.hpp"
#include "xdm/report.hpp"
#include "xdm/text_rewrite.hpp"
#include "xdm/validator.hpp"

namespace simdjson::dom {
class element;
}

namespace aep::xdm {

/// The conversions of CoerceOptions, in its order.
enum class Coercion : std::uint8_t { StringFromNumber, NumberFromString, Timestamp, Trim, DropNulls };
inline constexpr std::size_t kCoercions = 5;
/// As in the configuration.
[[nodiscard]] std::string_view name_of(Coercion coercion);

/// What was done to an entity to make it valid.
struct Repairs {
    std::array<std::uint32_t, kCoercions> coerced{};  ///< by Coercion
    std::uint32_t stripped = 0;                       ///< unknown keys taken out

    [[nodiscard]] bool any() const { return *this != Repairs{}; }
    bool operator==(const Repairs&) const = default;
};

/// Proves entities for one worker, and finds what would make one valid. Confined; a valid entity that needs
/// no repair costs no allocation.
class EntityProver {
  public:
    explicit EntityProver(std::shared_ptr<const Proof> proof);

    /// Whether the entity is valid. Else report() tells why.
    [[nodiscard]] bool check(const simdjson::dom::element& record, const MadeMembers& made);
    [[nodiscard]] const Report& report() const { return report_; }
    /// For the dead letter of an entity that is not valid.
    [[nodiscard]] std::string_view code() const;

    /// After check() said yes: takes the unknown keys out.
    [[nodiscard]] bool must_strip() const { return validator_ && !validator_->keys_to_strip().empty(); }
    [[nodiscard]] std::vector<TextChange> strip(const simdjson::dom::element& record, Repairs& repairs) const;

    /// What `coerce` does about these violations of the record. Empty: nothing.
    [[nodiscard]] std::vector<TextChange> coerce(const simdjson::dom::element& record,
                                                 std::span<const Violation> violations,
                                                 Repairs& repairs) const;

    [[nodiscard]] const Proof& proof() const { return *proof_; }

  private:
    [[nodiscard]] FieldExpectation expectation(const Violation& violation) const;

    std::shared_ptr<const Proof> proof_;
    std::optional<Validator> validator_;
    Report report_;
    bool breaks_schema_ = false;
};

}  // namespace aep::xdm
