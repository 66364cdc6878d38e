#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/map_reader.hpp"

/// Checks of single values: nothing where the value is good, else what is wrong and what to do.
namespace aep::config {

/// [A-Za-z0-9_-]{1,64}
[[nodiscard]] std::optional<Fault> check_id(std::string_view text);
/// 24 hex digits, as AEP's catalog makes them.
[[nodiscard]] std::optional<Fault> check_dataset_id(std::string_view text);
/// 8-4-4-4-12 hex digits.
[[nodiscard]] std::optional<Fault> check_uuid(std::string_view text);
/// No blanks, quotes or control characters, at most 128 bytes.
[[nodiscard]] std::optional<Fault> check_org_id(std::string_view text);
/// [a-z0-9-], at most 256 bytes.
[[nodiscard]] std::optional<Fault> check_sandbox(std::string_view text);
/// An https URL, as schema ids are.
[[nodiscard]] std::optional<Fault> check_schema_id(std::string_view text);
/// Digits, with dots between them.
[[nodiscard]] std::optional<Fault> check_schema_version(std::string_view text);
/// https://HOST[:PORT]/collection/INLET, at most 256 bytes. The URL of the batch endpoint is good too.
[[nodiscard]] std::optional<Fault> check_inlet_url(std::string_view text);
/// https://HOST[:PORT]/PATH, at most 256 bytes.
[[nodiscard]] std::optional<Fault> check_token_url(std::string_view text);
/// `none` or http://[USER[:PASSWORD]@]HOST[:PORT]. Its fault never quotes it.
[[nodiscard]] std::optional<Fault> check_proxy_url(std::string_view text);
/// HOST:PORT or [ADDRESS]:PORT
[[nodiscard]] std::optional<Fault> check_listen(std::string_view text);
/// Names with dots between them: order.id
[[nodiscard]] std::optional<Fault> check_field(std::string_view text);
/// identity_map, names with dots between them, or a JSON pointer: /personalEmail/address
[[nodiscard]] std::optional<Fault> check_primary_identity(std::string_view text);
/// rfc3339, unix_s, unix_ms, or a pattern of strptime's conversions.
[[nodiscard]] std::optional<Fault> check_time_format(std::string_view text);
/// A name of the system's time zone database.
[[nodiscard]] std::optional<Fault> check_zone(std::string_view text);
/// One line of UTF-8 of at most 256 bytes without control characters.
[[nodiscard]] std::optional<Fault> check_source_name(std::string_view text);
/// One line of at most 256 bytes without control characters.
[[nodiscard]] std::optional<Fault> check_line(std::string_view text);
/// A glob whose files this version can read.
[[nodiscard]] std::optional<Fault> check_include(std::string_view text);

/// A token of RFC 9110, section 5.6.2.
[[nodiscard]] bool is_header_name(std::string_view text);
/// Visible characters, blanks and tabs; no others may be in a header (RFC 9110, section 5.5).
[[nodiscard]] bool is_header_value(std::string_view text);
/// Names that say that the value is a secret.
[[nodiscard]] bool is_secret_header(std::string_view name);

/// The inlet's URL without the "batch/" that the batch endpoint has: the agent puts it there itself.
[[nodiscard]] std::string without_batch(std::string url);
/// A URL whose user and password, where it has them, are hidden.
[[nodiscard]] std::string without_user(std::string url);

}  // namespace aep::config
