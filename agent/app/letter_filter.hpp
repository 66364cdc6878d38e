#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "store/stored_letter.hpp"

namespace aep::app {

/// Chooses dead letters by `--where FIELD OP VALUE`, without blanks around OP: `code=refused`,
/// `time<2026-01-31`, `reason~timestamp`. Several must all hold.
///
///     OP     =  !=  <  <=  >  >=       text, numbers by their value
///            ~                         text that contains VALUE
///
/// A time is compared as far as VALUE goes: `time=2026-01-31` is that day, `time<=2026-01-31` also its end.
class LetterFilter {
  public:
    LetterFilter() = default;  ///< all letters
    /// Fails on a term that cannot be meant, with what could be.
    [[nodiscard]] static base::Result<LetterFilter> parse(const std::vector<std::string>& terms);

    [[nodiscard]] bool matches(const store::StoredLetter& letter) const;
    [[nodiscard]] bool chooses_all() const { return terms_.empty(); }

    /// "time, code, reason, ...": for help texts.
    [[nodiscard]] static std::string fields();

  private:
    enum class Kind { Text, Time, Number };
    struct Field;
    struct Term {
        const Field* field;
        std::string_view op;  ///< one of the literals
        std::string value;
        std::uint64_t number = 0;
    };
    static const std::vector<Field>& all_fields();
    [[nodiscard]] static base::Result<Term> parse_term(const std::string& text);
    [[nodiscard]] static bool holds(const Term& term, const store::StoredLetter& letter);

    std::vector<Term> terms_;
};

}  // namespace aep::app
