#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/url.hpp"

namespace aep::http {

/// An HTTP proxy that leads to other hosts (CONNECT, RFC 9110 9.3.6). TLS goes through it from end to end.
struct Proxy {
    Authority host;
    std::string authorization;  ///< value of Proxy-Authorization, a secret; empty: none
};

/// http://[USER[:PASSWORD]@]HOST[:PORT], port 80 where absent; user and password percent-decoded (RFC 3986
/// 2.1). The scheme may be left out, as it often is in HTTPS_PROXY. Errors never quote the text.
[[nodiscard]] base::Result<Proxy> parse_proxy_url(std::string_view text);

/// Whether `no_proxy` names `host`. Entries with commas or blanks between them: `*`; a name, for itself and
/// all below it, with or without a dot in front; an address; a network (10.0.0.0/8). Each may end in :PORT.
/// Names are not looked up. Entries that are none of these match nothing.
[[nodiscard]] bool is_named_by(std::string_view no_proxy, const Authority& host);

/// A variable's value, nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
[[nodiscard]] Environment process_environment();

/// `proxy:` of a destination as it is configured: a URL; `none`; or empty: as HTTPS_PROXY, https_proxy,
/// NO_PROXY and no_proxy have it (of a pair the lower case wins), and never for this host itself (localhost,
/// 127.0.0.0/8, ::1). Nothing: directly. Errors name the variable.
[[nodiscard]] base::Result<std::optional<Proxy>> choose_proxy(const std::string& setting,
                                                              const Authority& peer,
                                                              const Environment& environment);

}  // namespace aep::http
