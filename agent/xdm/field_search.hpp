#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xdm/options.hpp"
#include "xdm/plan.hpp"

namespace aep::xdm {

/// Looks in a schema for fields that something outside of it names: an identity. What a record may have
/// depends on its other fields (anyOf, dependencies, not), so only what no record can have counts as missing.
/// Confined.
class FieldSearch {
  public:
    /// Refers to the plan. `unknown_keys`: whether objects are closed that only the registry closes.
    FieldSearch(const Plan& plan, UnknownKeys unknown_keys) : plan_{plan}, unknown_keys_{unknown_keys} {}

    /// Why no valid record can have a value of this kind at the end of `keys`, with the field that was
    /// probably meant: "there is no 'emial' in '/person', did you mean '/person/email'?".
    [[nodiscard]] std::optional<std::string> missing(std::span<const std::string> keys, ValueKind kind) const;

  private:
    using Nodes = std::set<Index>;  ///< that one value must pass, all of them

    [[nodiscard]] std::optional<Nodes> below(const Nodes& nodes, std::string_view key) const;
    class Step;
    [[nodiscard]] bool accept(const Nodes& nodes, ValueKind kind) const;
    [[nodiscard]] std::vector<std::string> keys_of(const Nodes& nodes) const;
    [[nodiscard]] std::string nearest(std::span<const std::string> keys, std::size_t missing,
                                      const Nodes& nodes, ValueKind kind) const;
    [[nodiscard]] std::string same_name_elsewhere(std::string_view key, ValueKind kind) const;

    const Plan& plan_;
    UnknownKeys unknown_keys_;
};

}  // namespace aep::xdm
