#pragma once

#include <string>

#include "xdm/options.hpp"

namespace aep::xdm {

/// The constant part of a stream's messages (streaming ingestion, section 4): what stands before and behind
/// the entity. Rendered once per stream. Both are empty for format raw.
struct Envelope {
    std::string prefix;  ///< up to and with `"xdmEntity":`
    std::string suffix;
};

[[nodiscard]] Envelope render_envelope(const EnvelopeOptions& options);

}  // namespace aep::xdm
