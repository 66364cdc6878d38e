#include "xdm/envelope.hpp"

#include <string_view>

#include "base/json_text.hpp"

namespace aep::xdm {
namespace {

using base::append_json_string;

void append_schema_ref(std::string& out, const EnvelopeOptions& options) {
    out += "\"schemaRef\":{\"id\":";
    append_json_string(out, options.schema_id);
    out += ",\"contentType\":";
    append_json_string(out, "application/vnd.adobe.xed-full+json;version=" + options.schema_version);
    out += '}';
}

/// `,"key":"value"`, or nothing where there is no value.
void append_member(std::string& out, std::string_view key, const std::string& value) {
    if (value.empty()) return;
    out += ',';
    append_json_string(out, key);
    out += ':';
    append_json_string(out, value);
}

}  // namespace

Envelope render_envelope(const EnvelopeOptions& options) {
    if (options.format == StreamFormat::Raw) return {};
    std::string prefix = "{\"header\":{";
    append_schema_ref(prefix, options);
    append_member(prefix, "imsOrgId", options.org_id);
    append_member(prefix, "datasetId", options.dataset_id);
    append_member(prefix, "flowId", options.flow_id);
    if (!options.source_name.empty()) {
        // A source object without a name fails later, in streaming validation: all or nothing.
        prefix += ",\"source\":{\"name\":";
        append_json_string(prefix, options.source_name);
        prefix += '}';
    }
    prefix += "},\"body\":{\"xdmMeta\":{";
    append_schema_ref(prefix, options);
    prefix += "},\"xdmEntity\":";
    return {.prefix = std::move(prefix), .suffix = "}}"};
}

}  // namespace aep::xdm
