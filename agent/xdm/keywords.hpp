#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aep::xdm {

/// What draft-06 gives a meaning that validation needs; of draft-07, where schemas may stand.
enum class Keyword : std::uint8_t {
    None,  ///< all others: annotations, and words of later drafts
    AdditionalItems,
    AdditionalProperties,
    AllOf,
    AnyOf,
    Const,
    Contains,
    Definitions,
    Dependencies,
    Else,
    Enum,
    ExclusiveMaximum,
    ExclusiveMinimum,
    Format,
    Id,
    If,
    Items,
    MaxItems,
    MaxLength,
    MaxProperties,
    Maximum,
    MetaXdmType,
    MinItems,
    MinLength,
    MinProperties,
    Minimum,
    MultipleOf,
    Not,
    OneOf,
    Pattern,
    PatternProperties,
    Properties,
    PropertyNames,
    Ref,
    Required,
    Then,
    Type,
    UniqueItems,
};

inline constexpr std::size_t kKeywordCount = static_cast<std::size_t>(Keyword::UniqueItems) + 1;

[[nodiscard]] Keyword keyword_of(std::string_view name);

/// What a keyword's value holds, for those who look for schemas within schemas.
enum class Holds : std::uint8_t {
    Other,
    Schema,
    SchemaOrList,  ///< `items`
    List,          ///< of schemas
    Map,           ///< from names to schemas
    Dependencies,  ///< from names to schemas or lists of names
};
[[nodiscard]] Holds holds(Keyword keyword);

/// What to say about a word that means nothing here and is likely not meant so: one of a later draft, or a
/// misspelt keyword. "" where there is nothing to say.
[[nodiscard]] std::string remark_on(std::string_view name);

}  // namespace aep::xdm
