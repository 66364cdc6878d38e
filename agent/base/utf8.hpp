#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
namespace aep::base {

/// How many bytes the character at the front of `text` has; 0 where it is not valid, or `text` is empty.
[[nodiscard]] std::size_t utf8_sequence(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

/// `text` with every invalid byte replaced by U+FFFD.
[[nodiscard]] std::string to_utf8(std::string_view text);

/// The same with blanks for control characters: foreign words must not govern a terminal.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace aep::base
