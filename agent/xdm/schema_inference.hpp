#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "xdm/observed.hpp"
#include "xdm/value_view.hpp"

namespace aep::xdm {

/// Proposes a schema from sample records (`schema infer`): types, formats, integer ranges, what is required,
/// maps, values to suggest (`meta:enum`), and beside each the evidence (`meta:evidence`, which AEP and
/// validators ignore). The records that it came from are valid against it. Memory is bounded whatever the
/// samples are (observed.hpp). Confined.
class SchemaInference {
  public:
    struct Proposal {
        std::string schema;  ///< JSON Schema draft-06 in XDM's style
        /// What a person should look at: mixed types, nulls, integers too large for XDM.
        std::vector<std::string> notes;
    };

    /// An object.
    template <ValueView V>
    void add(const V& record) {
        root_.add(record);
    }
    [[nodiscard]] std::uint64_t records() const { return root_.count(); }

    /// Once, after the last record.
    [[nodiscard]] Proposal propose();

  private:
    std::size_t nodes_ = 0;
    Observed root_{nodes_};
};

}  // namespace aep::xdm
