#pragma once

#include <string>
#include <string_view>

/// URIs as RFC 3986 has them: ASCII only, every character in its place.
namespace aep::xdm {

/// Whether `text` is a URI with a scheme (section 3).
[[nodiscard]] bool is_uri(std::string_view text);
/// Whether `text` is a URI or a relative reference (section 4.1).
[[nodiscard]] bool is_uri_reference(std::string_view text);

/// What `reference` means where `base` is the place (section 5.2). Both may be anything; what is no URI is
/// taken apart all the same. A schema's "" base gives the reference itself.
[[nodiscard]] std::string resolve_uri(std::string_view base, std::string_view reference);

/// `text` with its %XX turned into bytes; a stray % stays.
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace aep::xdm
