#include "config/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>

#include "base/record_meta.hpp"
#include "base/utf8.hpp"
#include "base/version.hpp"
#include "xdm/options.hpp"

namespace aep::config {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_alnum(char c) {
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_visible(char c) {
    return c > 0x20 && c < 0x7F;
}
bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

template <class Predicate>
bool all(std::string_view text, Predicate predicate) {
    return std::all_of(text.begin(), text.end(), predicate);
}

}  // namespace

std::optional<Fault> check_id(std::string_view text) {
    const bool good = all(text, [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
    if (good && text.size() <= 64) return std::nullopt;
    return Fault{"is not an id", "use letters, digits, '_' and '-', at most 64"};
}

std::optional<Fault> check_dataset_id(std::string_view text) {
    if (text.size() == 24 && all(text, is_hex)) return std::nullopt;
    return Fault{"is not a dataset id",
                 "it is the 24 hex digits at the end of the dataset's page address in AEP"};
}

std::optional<Fault> check_uuid(std::string_view text) {
    constexpr std::string_view kShape = "00000000-0000-0000-0000-000000000000";
    bool good = text.size() == kShape.size();
    for (std::size_t i = 0; good && i < kShape.size(); ++i) {
        good = kShape[i] == '-' ? text[i] == '-' : is_hex(text[i]);
    }
    if (good) return std::nullopt;
    return Fault{"is not a UUID", "it looks like 69f188b6-af07-4587-8061-e94d34637b41"};
}

std::optional<Fault> check_org_id(std::string_view text) {
    const bool good = all(text, [](char c) { return is_visible(c) && c != '"' && c != '\\'; });
    if (good && text.size() <= 128) return std::nullopt;
    return Fault{"is not an organisation id", "it looks like 1234567890ABCDEF12345678@AdobeOrg"};
}

std::optional<Fault> check_sandbox(std::string_view text) {
    const bool good = all(text, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
    if (good && text.size() <= 256) return std::nullopt;
    return Fault{"is not a sandbox name", "use lower-case letters, digits and '-', e.g. prod"};
}

std::optional<Fault> check_schema_id(std::string_view text) {
    constexpr std::string_view kScheme = "https://";
    const bool good = text.starts_with(kScheme) && text.size() > kScheme.size() && text.size() <= 512 &&
                      all(text, [](char c) { return is_visible(c) && c != '"' && c != '\\'; });
    if (good) return std::nullopt;
    return Fault{"is not a schema id", "it is the schema's $id: https://ns.adobe.com/TENANT/schemas/HASH"};
}

std::optional<Fault> check_schema_version(std::string_view text) {
    const bool good = all(text, [](char c) { return is_digit(c) || c == '.'; }) && is_digit(text.front()) &&
                      is_digit(text.back()) && text.size() <= 16;
    if (good) return std::nullopt;
    return Fault{"is not a schema version", "write the version of the content type: 1"};
}

std::optional<Fault> check_listen(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    const std::string_view host = text.substr(0, colon);
    const std::string_view port = colon == std::string_view::npos ? "" : text.substr(colon + 1);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    const bool good_host = !host.empty() && host.size() <= 255 && all(host, is_visible) &&
                           (bracketed || host.find_first_of(":[]/") == std::string_view::npos);
    const bool good_port =
        !port.empty() && port.size() <= 5 && all(port, is_digit) && std::stoul(std::string{port}) <= 65535;
    if (good_host && good_port) return std::nullopt;
    return Fault{"is not HOST:PORT", "write e.g. 127.0.0.1:9464 or '[::1]:9464'"};
}

std::optional<Fault> check_field(std::string_view text) {
    if (text.starts_with(base::kMetaPrefix) && !base::meta_field(text.substr(base::kMetaPrefix.size()))) {
        return Fault{"is not known of records", fmt::format("`_meta` has: {}", base::meta_field_names())};
    }
    const bool dots =
        text.starts_with('.') || text.ends_with('.') || text.find("..") != std::string_view::npos;
    if (!dots && text.size() <= 256 && !std::any_of(text.begin(), text.end(), is_control))
        return std::nullopt;
    return Fault{"is not a field", "write names with dots between them: order.id"};
}

std::optional<Fault> check_primary_identity(std::string_view text) {
    if (text.starts_with('/') ? text.size() <= 256 && !std::any_of(text.begin(), text.end(), is_control)
                              : !check_field(text)) {
        return std::nullopt;
    }
    return Fault{"names no field", "write personalEmail.address, /personalEmail/address, or identity_map"};
}

std::optional<Fault> check_time_format(std::string_view text) {
    constexpr std::array<std::string_view, 3> kNames{"rfc3339", "unix_s", "unix_ms"};
    const bool named = std::find(kNames.begin(), kNames.end(), text) != kNames.end();
    if (named) return std::nullopt;
    if (text.find('%') == std::string_view::npos || check_line(text)) {
        return Fault{"is not a time format",
                     "use rfc3339, unix_s, unix_ms, or a pattern: '%d/%b/%Y:%H:%M:%S %z'"};
    }
    if (xdm::TimestampOptions::is_readable(std::string{text})) return std::nullopt;
    return Fault{"is a pattern that reads no time",
                 "name year, month and day, with strptime's conversions: '%d/%b/%Y:%H:%M:%S %z'"};
}

std::optional<Fault> check_zone(std::string_view text) {
    if (xdm::TimestampOptions::is_known_zone(std::string{text})) return std::nullopt;
    return Fault{"is not a time zone of this machine's database", "use an IANA name: UTC, Europe/Berlin"};
}

std::optional<Fault> check_source_name(std::string_view text) {
    if (!base::is_utf8(text)) return Fault{"is not UTF-8", "it becomes part of the messages' JSON"};
    return check_line(text);
}

std::optional<Fault> check_line(std::string_view text) {
    if (text.size() <= 256 && !std::any_of(text.begin(), text.end(), is_control)) return std::nullopt;
    return Fault{"is not one line of at most 256 bytes", "leave control characters out"};
}

std::optional<Fault> check_include(std::string_view text) {
    if (text.find('\0') != std::string_view::npos || text.ends_with('/')) {
        return Fault{"is not the path of a file", "name files: /var/log/shop/*.json"};
    }
    return std::nullopt;
}

bool is_header_name(std::string_view text) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !text.empty() && text.size() <= 64 &&
           all(text, [kMarks](char c) { return is_alnum(c) || kMarks.find(c) != std::string_view::npos; });
}

bool is_header_value(std::string_view text) {
    return !text.empty() && text.front() != ' ' && text.back() != ' ' &&
           all(text, [](char c) { return c == '\t' || !is_control(c); });
}

bool is_secret_header(std::string_view name) {
    std::string lower{name};
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    constexpr std::array<std::string_view, 7> kMarks{"auth",   "key",  "token",     "secret",
                                                     "cookie", "pass", "credential"};
    return std::any_of(kMarks.begin(), kMarks.end(),
                       [&lower](std::string_view mark) { return lower.find(mark) != std::string::npos; });
}

}  // namespace aep::config
