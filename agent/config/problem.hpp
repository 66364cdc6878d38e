#pragma once

#include <string>
#include <vector>

#include "config/place.hpp"

namespace aep::config {

/// One thing that is wrong in a configuration, for the person who wrote it. Never holds a value that came
/// from the environment or from a file: it may be a secret.
struct Problem {
    Place place;
    std::string text;        ///< which key, and what is wrong with it
    std::string suggestion;  ///< what to do; may be empty

    /// "agent.yaml:12:7: unknown key 'lingr' in destinations[0].batch; did you mean 'linger'?"
    [[nodiscard]] std::string to_string() const;
};

using Problems = std::vector<Problem>;

/// In the order in which a reader meets them in the files.
void sort(Problems& problems);

/// A value as messages show it: in quotes, bounded, control characters as "?".
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace aep::config
