#include "xdm/meta_schemas.hpp"

#include <fmt/format.h>

namespace aep::xdm {
namespace {

constexpr std::string_view kDraft6Uri = "http://json-schema.org/draft-06/schema";
constexpr std::string_view kDraft7Uri = "http://json-schema.org/draft-07/schema";

/// What both drafts have, up to the last of the properties.
constexpr std::string_view kShared = R"json(
    "type": ["object", "boolean"],
    "definitions": {
        "schemas": {"type": "array", "minItems": 1, "items": {"$ref": "#"}},
        "schemaMap": {"type": "object", "additionalProperties": {"$ref": "#"}},
        "count": {"type": "integer", "minimum": 0},
        "names": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
        "typeName": {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}
    },
    "properties": {
        "$id": {"type": "string", "format": "uri-reference"},
        "$schema": {"type": "string", "format": "uri"},
        "$ref": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "description": {"type": "string"},
        "examples": {"type": "array"},
        "multipleOf": {"type": "number", "exclusiveMinimum": 0},
        "maximum": {"type": "number"},
        "exclusiveMaximum": {"type": "number"},
        "minimum": {"type": "number"},
        "exclusiveMinimum": {"type": "number"},
        "maxLength": {"$ref": "#/definitions/count"},
        "minLength": {"$ref": "#/definitions/count"},
        "pattern": {"type": "string", "format": "regex"},
        "additionalItems": {"$ref": "#"},
        "items": {"anyOf": [{"$ref": "#"}, {"$ref": "#/definitions/schemas"}]},
        "maxItems": {"$ref": "#/definitions/count"},
        "minItems": {"$ref": "#/definitions/count"},
        "uniqueItems": {"type": "boolean"},
        "contains": {"$ref": "#"},
        "maxProperties": {"$ref": "#/definitions/count"},
        "minProperties": {"$ref": "#/definitions/count"},
        "required": {"$ref": "#/definitions/names"},
        "additionalProperties": {"$ref": "#"},
        "definitions": {"$ref": "#/definitions/schemaMap"},
        "properties": {"$ref": "#/definitions/schemaMap"},
        "patternProperties": {"allOf": [{"$ref": "#/definitions/schemaMap"},
                                        {"propertyNames": {"format": "regex"}}]},
        "dependencies": {"type": "object",
                         "additionalProperties": {"anyOf": [{"$ref": "#"}, {"$ref": "#/definitions/names"}]}},
        "propertyNames": {"$ref": "#"},
        "enum": {"type": "array"},
        "type": {"anyOf": [{"$ref": "#/definitions/typeName"},
                           {"type": "array", "items": {"$ref": "#/definitions/typeName"},
                            "minItems": 1, "uniqueItems": true}]},
        "format": {"type": "string"},
        "allOf": {"$ref": "#/definitions/schemas"},
        "anyOf": {"$ref": "#/definitions/schemas"},
        "oneOf": {"$ref": "#/definitions/schemas"},
        "not": {"$ref": "#"})json";

/// Draft-07 added words and changed none.
constexpr std::string_view kAdded = R"json(,
        "$comment": {"type": "string"},
        "readOnly": {"type": "boolean"},
        "if": {"$ref": "#"},
        "then": {"$ref": "#"},
        "else": {"$ref": "#"},
        "contentMediaType": {"type": "string"},
        "contentEncoding": {"type": "string"})json";

std::string with_id(std::string_view uri, std::string_view more) {
    return fmt::format(R"({{"$id": "{}#",{}{}}}}})", uri, kShared, more);
}

}  // namespace

std::string meta_schema_text(std::string_view uri) {
    if (uri == kDraft6Uri) return with_id(uri, "");
    if (uri == kDraft7Uri) return with_id(uri, kAdded);
    return {};
}

}  // namespace aep::xdm
