#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simdjson::dom {
class element;
}

namespace aep::xdm {

/// A dotted path to a value within a record: "order.id". Immutable, hence free-threaded.
class ValuePath {
  public:
    explicit ValuePath(std::string_view dotted);

    /// The value, or nothing where a step is not there or not an object.
    [[nodiscard]] std::optional<simdjson::dom::element> find(const simdjson::dom::element& record) const;

    /// As a JSON pointer: "/order/id".
    [[nodiscard]] std::string pointer() const;

  private:
    std::vector<std::string> keys_;
};

}  // namespace aep::xdm
