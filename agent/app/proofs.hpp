#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "xdm/proof.hpp"

namespace aep::app {

/// What each stream's entities are proved against. Problems are lines for the operator, with the file and the
/// JSON pointer.
struct Proofs {
    std::map<std::string, std::shared_ptr<const xdm::Proof>> by_stream;  ///< null: nothing is to be proved
    std::vector<std::string> errors;
    std::vector<std::string> warnings;
};

[[nodiscard]] Proofs load_proofs(const config::Config& config);

}  // namespace aep::app
