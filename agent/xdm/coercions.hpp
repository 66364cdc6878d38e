#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The lossless conversions of `coerce:`, on the text of one value. Each returns nothing where the value is
/// none that it converts.
namespace aep::xdm {

/// "12.50" -> 12.50: the text is a JSON number, whose digits are kept.
[[nodiscard]] bool is_json_number(std::string_view text);

/// White space (ASCII) around it taken away; nothing where there is none.
[[nodiscard]] std::optional<std::string_view> trimmed(std::string_view text);

/// Into a form of date-time that AEP takes, without a loss: `2026-01-31 12:00:00+0100`, lower-case t and z,
/// offsets without colon or minutes, no seconds; and whole numbers of seconds (10 digits) or milliseconds (13
/// digits) since 1970. A time without a zone is none: nobody can know what it means.
[[nodiscard]] std::optional<std::string> to_date_time(std::string_view text);

}  // namespace aep::xdm
