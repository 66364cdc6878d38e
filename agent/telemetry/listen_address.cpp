#include "telemetry/listen_address.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace aep::telemetry {
namespace {

base::Error wrong(std::string_view text, std::string_view why) {
    return base::Error{fmt::format(
        "telemetry.listen: `{}` {}; write host:port, for example 127.0.0.1:9464 or [::1]:9464, or `off`",
        text, why)};
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
    std::uint16_t port = 0;
    const char* end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, port);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return port;
}

}  // namespace

base::Result<ListenAddress> parse_listen_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return wrong(text, "has no port");
    const std::optional<std::uint16_t> port = parse_port(text.substr(colon + 1));
    if (!port) return wrong(text, "has no port between 0 and 65535 behind its last colon");
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return wrong(text, "holds an IPv6 address without brackets");
    }
    if (host.empty()) return wrong(text, "has no host");
    return ListenAddress{.host = std::string{host}, .port = *port};
}

}  // namespace aep::telemetry
