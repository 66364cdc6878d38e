#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "xdm/descriptors.hpp"
#include "xdm/field_search.hpp"
#include "xdm/schema_compiler.hpp"

namespace aep::xdm {

void SchemaCompiler::add_required_paths(const Json& root) {
    const FieldSearch fields{*plan_, UnknownKeys::Reject};
    for (PrimaryIdentity& identity : primary_identities(root)) {
        const std::string where = fmt::format("/meta:descriptors/{}/xdm:sourceProperty", identity.descriptor);
        if (std::ranges::find(identity.keys, "") != identity.keys.end()) {
            error(where, "must name a field: /person/email");
        } else if (const auto why = fields.missing(identity.keys, ValueKind::String)) {
            error(where, "names no field that can be the primary identity: " + *why);
        } else {
            plan_->primary_identity = identity.pointer();
            plan_->required_paths.push_back({std::move(identity.keys)});
        }
    }
}

}  // namespace aep::xdm
