#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xdm/json.hpp"
#include "xdm/options.hpp"
#include "xdm/report.hpp"
#include "xdm/schema.hpp"
#include "xdm/value_hash.hpp"
#include "xdm/value_view.hpp"

namespace simdjson::dom {
class element;
}

namespace aep::xdm {

/// Checks records against a schema. The valid path is one walk over the value that allocates nothing; only
/// when something is wrong a second walk finds out all that is. Confined to one worker; holds scratch memory.
///
/// Beyond JSON Schema draft-06:
///  - Closed objects: one that lists its `properties` and has none of `additionalProperties`,
///    `patternProperties`, `oneOf`, `anyOf` admits no other keys, as the registry's streaming validation has
///    it. Under `allOf` the keys of all parts count. What stands below oneOf, anyOf, not, contains,
///    dependencies and propertyNames stays as written. UnknownKeys::Allow turns this off.
///  - Integers are confined to what their meta:xdmType can store.
///  - Duplicate keys: each occurrence is checked and counted.
///  - Numbers that fit no machine type are compared exactly; a record with one comes as a JsonDocument,
///    because the fast parser refuses it.
///  - Nesting beyond kMostNested (arrays, objects and combinations of schemas) and effort beyond
///    kMostBranches tried alternatives make a record invalid (keywords "depth" and "effort").
class Validator {
  public:
    static constexpr std::size_t kMostNested = 1000;
    static constexpr std::size_t kMostBranches = 1'000'000;

    explicit Validator(std::shared_ptr<const Schema> schema, UnknownKeys unknown_keys = UnknownKeys::Reject);

    /// Whether the value is valid. `report` is replaced: empty where it is.
    [[nodiscard]] bool validate(const simdjson::dom::element& value, Report& report);
    [[nodiscard]] bool validate(const Json& value, Report& report);
    /// Any other view; include xdm/validate_view.hpp where it is called.
    template <ValueView V>
    [[nodiscard]] bool validate_view(V value, Report& report);

    /// With UnknownKeys::Strip, after a value was found valid: the keys of the members that must be taken
    /// out of it, as the view gave them: a member is told by its key's address. Sorted by address.
    [[nodiscard]] std::span<const std::string_view> keys_to_strip() const { return strip_; }

    [[nodiscard]] const Schema& schema() const { return *schema_; }

  private:
    static void report_bound(std::string_view keyword, Report& report);

    std::shared_ptr<const Schema> schema_;
    UnknownKeys unknown_keys_;
    std::vector<std::string_view> strip_;
    std::vector<ValueHash> hashes_;  ///< of the items of arrays that must be unique
    std::string pointer_;            ///< where the second walk is
};

}  // namespace aep::xdm
