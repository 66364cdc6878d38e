#pragma once

#include <string>

#include "config/load.hpp"

namespace aep::config {

/// What `aep-agent send` takes instead of a configuration file.
struct Flags {
    std::string url;          ///< --url: the inlet
    std::string org;          ///< --org
    std::string dataset;      ///< --dataset
    std::string schema;       ///< --schema: the schema's $id
    std::string schema_file;  ///< --schema-file: to check records against; empty: they are not
    std::string kind;         ///< --kind: experience_event | profile
    std::string ca;           ///< --ca: a PEM file; empty: the system's

    friend bool operator==(const Flags&, const Flags&) = default;
};

/// The configuration that the flags stand for: one stream "events" or "profiles" to one destination "inlet",
/// checked like a file, all else default, no sources. Problems name the flags.
[[nodiscard]] LoadOutcome from_flags(const Flags& flags);

}  // namespace aep::config
