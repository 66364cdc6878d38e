#include "inlet/envelope.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

namespace aep::inlet {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;
using Fault = std::optional<std::string>;

constexpr std::string_view kUnknownFormat = "Message has unknown xdm format";

Fault missing(std::string_view field) {
    return fmt::format("The '{0}' field is mandatory. Provide a valid '{0}' value and try again.", field);
}

std::optional<element> member(const object& parent, std::string_view key) {
    element found;
    if (parent.at_key(key).get(found) != simdjson::SUCCESS) return std::nullopt;
    return found;
}

std::optional<object> object_member(const object& parent, std::string_view key) {
    object found;
    if (parent.at_key(key).get(found) != simdjson::SUCCESS) return std::nullopt;
    return found;
}

/// Only if it is a string that says something.
std::optional<std::string_view> text_member(const object& parent, std::string_view key) {
    std::string_view found;
    if (parent.at_key(key).get(found) != simdjson::SUCCESS || found.empty()) return std::nullopt;
    return found;
}

Fault check_optional_text(const object& parent, std::string_view key, std::string_view name) {
    const auto found = member(parent, key);
    if (found && !found->is_string()) return fmt::format("'{}' must be a string", name);
    return std::nullopt;
}

struct SchemaRef {
    std::string_view id;
    std::string content_type;
};

std::optional<SchemaRef> schema_ref(const object& parent) {
    const auto ref = object_member(parent, "schemaRef");
    if (!ref) return std::nullopt;
    const auto id = text_member(*ref, "id");
    const auto written_type = text_member(*ref, "contentType");
    if (!id || !written_type) return std::nullopt;
    auto content_type = normalized_content_type(*written_type);
    if (!content_type) return std::nullopt;
    return SchemaRef{.id = *id, .content_type = std::move(*content_type)};
}

Fault check_org(const object& header, std::string_view org_id) {
    const auto org = member(header, "imsOrgId");
    if (!org) return std::nullopt;
    std::string_view text;
    const bool wrong =
        org->get(text) != simdjson::SUCCESS || text.empty() || (!org_id.empty() && text != org_id);
    if (wrong) return "Message has an absent or wrong ims org in the header";
    return std::nullopt;
}

Fault check_source(const object& header) {
    if (!member(header, "source")) return std::nullopt;
    const auto source = object_member(header, "source");
    if (!source || !text_member(*source, "name")) return "Payload header is missing Source Name";
    return std::nullopt;
}

Fault check_created_at(const object& header) {
    const auto created = member(header, "createdAt");
    if (!created || created->is_number() || created->is_string()) return std::nullopt;
    return "'header.createdAt' must be a number or a string";
}

Fault check_header(const object& header, std::string_view org_id) {
    if (Fault fault = check_org(header, org_id)) return fault;
    if (!text_member(header, "datasetId")) return missing("datasetId");
    if (Fault fault = check_optional_text(header, "flowId", "header.flowId")) return fault;
    if (Fault fault = check_source(header)) return fault;
    return check_created_at(header);
}

Fault check_entity(const object& body) {
    const auto entity = object_member(body, "xdmEntity");
    if (!entity) return "'body.xdmEntity' must be an object";
    if (Fault fault = check_optional_text(*entity, "_id", "body.xdmEntity._id")) return fault;
    return check_optional_text(*entity, "timestamp", "body.xdmEntity.timestamp");
}

Fault check_body(const object& body, const SchemaRef& expected) {
    const auto meta = object_member(body, "xdmMeta");
    const auto ref = meta ? schema_ref(*meta) : std::nullopt;
    if (!ref) return std::string{kUnknownFormat};
    if (ref->id != expected.id || ref->content_type != expected.content_type) {
        return "'body.xdmMeta.schemaRef' differs from 'header.schemaRef'";
    }
    return check_entity(body);
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::optional<std::string> normalized_content_type(std::string_view text) {
    const std::size_t semicolon = std::min(text.find(';'), text.size());
    std::string normal{trimmed(text.substr(0, semicolon))};
    if (semicolon < text.size()) normal.append(";").append(trimmed(text.substr(semicolon + 1)));
    std::ranges::transform(normal, normal.begin(), lower);
    if (normal.ends_with(";version=1.0")) normal.resize(normal.size() - 2);
    for (const std::string_view known : {"application/vnd.adobe.xed-full+json;version=1",
                                         "application/vnd.adobe.xed-full-notext+json;version=1"}) {
        if (normal == known) return normal;
    }
    return std::nullopt;
}

std::optional<std::string> envelope_fault(const element& message, std::string_view org_id,
                                          std::string_view schema_id) {
    object whole;
    if (message.get(whole) != simdjson::SUCCESS) return std::string{kUnknownFormat};
    const auto header = object_member(whole, "header");
    if (!header) return missing("header");
    const auto body = object_member(whole, "body");
    const auto ref = schema_ref(*header);
    if (!body || !ref) return std::string{kUnknownFormat};
    if (Fault fault = check_header(*header, org_id)) return fault;
    if (!schema_id.empty() && ref->id != schema_id)
        return fmt::format("the schema '{}' is not the one of this inlet", ref->id);
    return check_body(*body, *ref);
}

}  // namespace aep::inlet
