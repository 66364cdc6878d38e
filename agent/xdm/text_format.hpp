#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// The values of `format` that are checked; all others are annotations, as draft-06 allows.
namespace aep::xdm {

enum class TextFormat : std::uint8_t {
    None,
    Date,          ///< RFC 3339 full-date, a day that exists
    DateTime,      ///< as AEP accepts it (xdm-rules, section 7): narrower than RFC 3339
    Time,          ///< RFC 3339 full-time, leap seconds included
    Uri,           ///< RFC 3986
    UriReference,  ///< RFC 3986
    Email,         ///< RFC 5321 Mailbox, with its limits of length
    Ipv4,          ///< RFC 2673 dotted-quad
    Ipv6,          ///< RFC 4291, without zone or prefix
    Regex,         ///< ECMA-262
};

/// None for names that are not checked.
[[nodiscard]] TextFormat text_format_of(std::string_view name);
/// "date-time"; "" for None.
[[nodiscard]] std::string_view name_of(TextFormat format);
/// An example for people, such as "2019-02-23T22:07:01Z".
[[nodiscard]] std::string_view example_of(TextFormat format);

/// Whether `text` is in the format.
[[nodiscard]] bool matches(TextFormat format, std::string_view text);

[[nodiscard]] bool is_ipv4(std::string_view text);
[[nodiscard]] bool is_ipv6(std::string_view text);

}  // namespace aep::xdm
