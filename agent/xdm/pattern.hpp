#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

/// Regular expressions of schemas are ECMA-262's; RE2 runs them in linear time on any input. What means the
/// same in both is passed on, what is spelt differently (\s, \cX, \uXXXX, [^], a dot) is translated, and what
/// RE2 lacks (look-around, back references, repetitions above 1,000) cannot be run.
namespace aep::xdm {

/// A pattern in RE2's words.
struct Translation {
    enum class Outcome : std::uint8_t {
        Done,
        Unsupported,  ///< a regular expression, and RE2 has no such thing
        Malformed,    ///< no regular expression at all
    };
    Outcome outcome = Outcome::Done;
    std::string text;    ///< for RE2
    std::string reason;  ///< where not Done
    /// Uses what only lenient engines accept: \ before a letter that means nothing, or flags as (?i).
    bool lenient = false;
};
[[nodiscard]] Translation translate_pattern(std::string_view ecma);

/// What `format: regex` asks.
[[nodiscard]] bool is_ecma_pattern(std::string_view text);

/// Free-threaded: RE2 guards its own caches, whose size is bounded.
class Pattern {
  public:
    explicit Pattern(std::string_view ecma);
    ~Pattern();
    Pattern(Pattern&&) noexcept;
    Pattern& operator=(Pattern&&) = delete;

    [[nodiscard]] Translation::Outcome outcome() const { return outcome_; }
    [[nodiscard]] const std::string& reason() const { return reason_; }
    [[nodiscard]] bool is_lenient() const { return is_lenient_; }
    /// As in the schema.
    [[nodiscard]] const std::string& text() const { return text_; }

    /// Whether it matches somewhere in `text` (valid UTF-8). Only where outcome() is Done.
    [[nodiscard]] bool found_in(std::string_view text) const;

  private:
    std::string text_;
    std::string reason_;
    std::unique_ptr<re2::RE2> regex_;
    Translation::Outcome outcome_ = Translation::Outcome::Done;
    bool is_lenient_ = false;
};

}  // namespace aep::xdm
