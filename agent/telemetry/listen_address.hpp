#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace aep::telemetry {

/// Where the server listens, as `telemetry.listen` spells it.
struct ListenAddress {
    std::string host;  ///< a name or an address, without brackets
    std::uint16_t port = 0;
};

/// "127.0.0.1:9464", "localhost:0" (any free port), "[::1]:9464". The error names `telemetry.listen`.
[[nodiscard]] base::Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace aep::telemetry
