#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "xdm/options.hpp"
#include "xdm/value_view.hpp"

namespace aep::xdm {

/// A rule that an identity breaks. The place is told by whoever looked there.
struct IdentityFault {
    std::string_view keyword;
    std::string message;
};

/// What class and identity ask of an entity beyond its schema (xdm-rules, sections 3 and 4):
///
///   - an ExperienceEvent has an `_id` (a URI reference) and a `timestamp` in one of AEP's four forms;
///   - the primary identity is there: the field that is named, or, where identityMap is named, one entry of
///   it
///     with `primary: true`;
///   - identityMap has its shape: namespace code -> array of objects with a string `id`, a boolean `primary`,
///   a known
///     `authenticatedState`; at most one primary in the whole map, at most 20 identities;
///   - an identity is not blank, not a placeholder such as "null", has at most 1,024 characters, and an ECID
///   is 38
///     digits.
///
/// An entry that is marked primary beside a primary field breaks no rule: AEP goes by the field.
///
/// Immutable, hence free-threaded. A valid entity costs no allocation.
class IdentityRules {
  public:
    /// `of_class`: whose required fields are asked for; none: only the identities.
    IdentityRules(const IdentityOptions& options, std::optional<StreamKind> of_class);

    /// Calls `fail(Violation)` for each broken rule, until it returns false.
    template <ValueView V, class Fail>
    void check(const V& entity, Fail&& fail) const;

    static constexpr std::size_t kMostIdentities = 20;
    static constexpr std::size_t kLongestIdentity = 1024;  ///< in code points
    static constexpr std::size_t kEcidDigits = 38;

  private:
    template <ValueView V>
    class Walk;

    [[nodiscard]] std::optional<IdentityFault> check_id(std::string_view id, std::string_view code) const;
    [[nodiscard]] std::optional<IdentityFault> check_namespace(std::string_view code) const;
    [[nodiscard]] static std::optional<IdentityFault> check_event_id(std::string_view id);
    [[nodiscard]] static std::optional<IdentityFault> check_timestamp(std::string_view timestamp);

    std::vector<std::string> primary_;  ///< keys down to the primary field; empty: none is named
    bool primary_in_map_ = false;
    bool is_event_ = false;
    std::set<std::string, std::less<>> placeholders_;
    std::vector<std::string> namespaces_;
};

}  // namespace aep::xdm

#include "xdm/identity_walk.hpp"
