#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace aep::http {

/// Who is meant: a host and a port.
struct Authority {
    std::string host;         ///< in lower case; an IPv6 address without its brackets
    bool is_address = false;  ///< host is an IP address
    std::uint16_t port = 0;

    /// HOST:PORT, with brackets where needed.
    [[nodiscard]] std::string to_string() const;
};

/// HOST or HOST:PORT (RFC 3986 3.2, less user names); without a port it is `default_port`.
[[nodiscard]] base::Result<Authority> parse_authority(std::string_view text, std::uint16_t default_port);

/// The parts of an https URL (RFC 3986, narrowed to what the agent has a use for).
struct Url : Authority {
    std::string target;  ///< path and query as they stand in the request line; "/" where absent

    /// For the Host header: without the port where it is 443.
    [[nodiscard]] std::string host_header() const;
};

/// Strict: no other scheme, no user name, no fragment, no blanks, control or non-ASCII characters.
[[nodiscard]] base::Result<Url> parse_https_url(std::string_view text);

/// The target that takes many messages: /collection/X becomes /collection/batch/X. A target that is one
/// already, or that has no /collection/, stays as it is. Source: Adobe's Kafka sink.
[[nodiscard]] std::string batch_target(std::string target);

}  // namespace aep::http
