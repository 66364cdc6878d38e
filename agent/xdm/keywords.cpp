#include "xdm/keywords.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/suggest.hpp"

namespace aep::xdm {
namespace {

const std::unordered_map<std::string_view, Keyword>& keywords() {
    static const std::unordered_map<std::string_view, Keyword> all{
        {"additionalItems", Keyword::AdditionalItems},
        {"additionalProperties", Keyword::AdditionalProperties},
        {"allOf", Keyword::AllOf},
        {"anyOf", Keyword::AnyOf},
        {"const", Keyword::Const},
        {"contains", Keyword::Contains},
        {"definitions", Keyword::Definitions},
        {"dependencies", Keyword::Dependencies},
        {"else", Keyword::Else},
        {"enum", Keyword::Enum},
        {"exclusiveMaximum", Keyword::ExclusiveMaximum},
        {"exclusiveMinimum", Keyword::ExclusiveMinimum},
        {"format", Keyword::Format},
        {"$id", Keyword::Id},
        {"if", Keyword::If},
        {"items", Keyword::Items},
        {"maxItems", Keyword::MaxItems},
        {"maxLength", Keyword::MaxLength},
        {"maxProperties", Keyword::MaxProperties},
        {"maximum", Keyword::Maximum},
        {"meta:xdmType", Keyword::MetaXdmType},
        {"minItems", Keyword::MinItems},
        {"minLength", Keyword::MinLength},
        {"minProperties", Keyword::MinProperties},
        {"minimum", Keyword::Minimum},
        {"multipleOf", Keyword::MultipleOf},
        {"not", Keyword::Not},
        {"oneOf", Keyword::OneOf},
        {"pattern", Keyword::Pattern},
        {"patternProperties", Keyword::PatternProperties},
        {"properties", Keyword::Properties},
        {"propertyNames", Keyword::PropertyNames},
        {"$ref", Keyword::Ref},
        {"required", Keyword::Required},
        {"then", Keyword::Then},
        {"type", Keyword::Type},
        {"uniqueItems", Keyword::UniqueItems},
    };
    return all;
}

/// Draft-06's and draft-07's words that validation passes over, and the registry's own.
constexpr std::array<std::string_view, 16> kAnnotations{
    "$schema",         "$comment",         "title",   "description", "default",  "examples",
    "readOnly",        "writeOnly",        "version", "imsOrg",      "tenantId", "self",
    "contentEncoding", "contentMediaType", "refs",    "created",
};

/// Words of draft-07 and later that would change what is valid.
constexpr std::array<std::string_view, 13> kLaterWords{
    "if",
    "then",
    "else",
    "$defs",
    "$anchor",
    "prefixItems",
    "dependentRequired",
    "minContains",
    "maxContains",
    "$recursiveRef",
    "$dynamicRef",
    "dependentSchemas",
    "unevaluatedProperties",
};

template <class List>
bool contains(const List& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

Keyword keyword_of(std::string_view name) {
    const auto found = keywords().find(name);
    return found == keywords().end() ? Keyword::None : found->second;
}

Holds holds(Keyword keyword) {
    switch (keyword) {
        case Keyword::AdditionalItems:
        case Keyword::AdditionalProperties:
        case Keyword::Contains:
        case Keyword::Else:
        case Keyword::If:
        case Keyword::Not:
        case Keyword::PropertyNames:
        case Keyword::Then:
            return Holds::Schema;
        case Keyword::Items:
            return Holds::SchemaOrList;
        case Keyword::AllOf:
        case Keyword::AnyOf:
        case Keyword::OneOf:
            return Holds::List;
        case Keyword::Definitions:
        case Keyword::PatternProperties:
        case Keyword::Properties:
            return Holds::Map;
        case Keyword::Dependencies:
            return Holds::Dependencies;
        default:
            return Holds::Other;
    }
}

std::string remark_on(std::string_view name) {
    if (contains(kLaterWords, name)) {
        return "'" + std::string{name} + "' is not in draft-06 and is not looked at";
    }
    if (name.find(':') != std::string_view::npos || name.starts_with('@') || contains(kAnnotations, name)) {
        return {};
    }
    static const std::vector<std::string> words = [] {
        std::vector<std::string> all;
        for (const auto& [word, keyword] : keywords()) all.emplace_back(word);
        std::sort(all.begin(), all.end());
        return all;
    }();
    const std::string near = base::nearest(name, words);
    if (near.empty()) return {};
    return "'" + std::string{name} + "' means nothing, did you mean '" + near + "'?";
}

}  // namespace aep::xdm
