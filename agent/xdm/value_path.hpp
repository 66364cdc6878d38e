#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/record_meta.hpp"

namespace simdjson::dom {
class element;
}

namespace aep::xdm {

/// A dotted path to a value within a record: "order.id"; or, beginning with `_meta.`, to what is known of the
/// record besides its contents. Immutable, hence free-threaded.
class ValuePath {
  public:
    explicit ValuePath(std::string_view dotted);

    /// The value, or nothing where a step is not there or not an object.
    [[nodiscard]] std::optional<simdjson::dom::element> find(const simdjson::dom::element& record) const;

    /// Set where the path is one of `_meta`; find() is not for it then.
    [[nodiscard]] std::optional<base::MetaField> meta() const { return meta_; }

    /// As a JSON pointer: "/order/id".
    [[nodiscard]] std::string pointer() const;

  private:
    std::vector<std::string> keys_;
    std::optional<base::MetaField> meta_;
};

}  // namespace aep::xdm
