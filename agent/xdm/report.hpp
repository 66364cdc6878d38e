#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aep::xdm {

/// One rule that a record breaks.
struct Violation {
    std::string_view keyword;  ///< of the schema: "type", "required", "additionalProperties", ...
    std::string pointer;       ///< JSON pointer to the value; of a missing or unknown key, to its object
    std::string key;           ///< the missing or unknown key
    std::string message;       ///< for people; quotes of the value are shortened

    /// `/commerce/order/priceTotal: expected number, found string "12,50"`
    [[nodiscard]] std::string line() const;
};

/// What is wrong with a record: the first violations by pointer, keyword and key, whatever the order of the
/// record's members. AEP reports five as well.
class Report {
  public:
    static constexpr std::size_t kMost = 5;

    [[nodiscard]] std::span<const Violation> violations() const { return violations_; }
    /// How many there are in all.
    [[nodiscard]] std::size_t total() const { return total_; }
    [[nodiscard]] bool empty() const { return total_ == 0; }

    void clear();
    /// Whether a violation with this place would be kept: only then its message is worth making.
    [[nodiscard]] bool wants(std::string_view keyword, std::string_view pointer, std::string_view key) const;
    /// Counts a violation, and keeps it where it is among the first.
    void add(Violation violation);
    void count() { ++total_; }

  private:
    std::vector<Violation> violations_;
    std::size_t total_ = 0;
};

}  // namespace aep::xdm
