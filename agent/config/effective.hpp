#pragma once

#include <list>
#include <string>
#include <string_view>

#include "config/value.hpp"

namespace aep::config {

/// What a configuration comes to: every key with its value, defaults included, and where the value came from.
/// Filled as a by-product of reading, so that it cannot disagree with what the agent does. Secrets never get
/// in.
struct Effective {
    std::string key;    ///< empty: the item of a list
    std::string value;  ///< of a scalar, as YAML; empty for maps and lists
    std::string origin;
    std::list<Effective> children;  ///< a list, because readers keep references to its elements

    /// A child with the scalar `text`, quoted as YAML needs it; `from` null: the default.
    Effective& add(std::string_view name, std::string_view text, const Value* from);
    /// A child that will get children.
    Effective& add_branch(std::string_view name, const Value* from);
};

/// YAML with the origin of each line as a comment: `workers: 4  # agent.yaml:3`. It reads back to the same
/// configuration, but for the secrets, which are `***`.
[[nodiscard]] std::string to_yaml(const Effective& root);

}  // namespace aep::config
