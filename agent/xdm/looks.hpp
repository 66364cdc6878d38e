#pragma once

#include <string_view>

/// What sample values look like, for a proposed schema. Each is stricter than the format it stands for, so
/// that a schema never refuses the samples it was made from.
namespace aep::xdm {

/// One of AEP's four forms (timestamp.hpp).
[[nodiscard]] bool looks_like_date_time(std::string_view text);
/// YYYY-MM-DD, a day that exists.
[[nodiscard]] bool looks_like_date(std::string_view text);
/// name@host.domain of letters, digits and the usual marks.
[[nodiscard]] bool looks_like_email(std::string_view text);
/// SCHEME://... of characters that a URI may hold (RFC 3986, section 2).
[[nodiscard]] bool looks_like_uri(std::string_view text);
/// As a key: a number, a UUID or hash, an e-mail address, a date. Names of fields do not look like that.
[[nodiscard]] bool looks_like_data(std::string_view key);

}  // namespace aep::xdm
