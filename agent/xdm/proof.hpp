#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "xdm/identity_rules.hpp"
#include "xdm/options.hpp"
#include "xdm/schema.hpp"

namespace aep::xdm {

/// What the entities of a stream are proved against: its schema and the rules of its kind. Made once, at
/// start; immutable, hence shared by all workers.
struct Proof {
    Validate mode = Validate::Strict;
    UnknownKeys unknown_keys = UnknownKeys::Reject;
    CoerceOptions coerce;
    std::shared_ptr<const Schema> schema;  ///< null: none is given
    std::optional<IdentityRules> rules;    ///< none for format raw, whose records are no entities yet
};

/// Null with errors; null without where nothing is to be proved.
struct LoadedProof {
    std::shared_ptr<const Proof> proof;
    std::vector<SchemaProblem> errors;
    std::vector<SchemaProblem> warnings;
};

/// Reads and compiles the schema, and checks that it fits the stream: it must have the members that the agent
/// makes
/// (`_id`, `timestamp`).
[[nodiscard]] LoadedProof load_proof(const ProofOptions& options, const EnvelopeOptions& envelope);

}  // namespace aep::xdm
