#pragma once

#include <sys/socket.h>

#include <string>

namespace aep::source {

/// "192.0.2.1:5170", "[2001:db8::1]:5170"; IPv4 addresses within IPv6 ones as IPv4.
[[nodiscard]] std::string name_of(const sockaddr_storage& address);

/// "pid 4711 uid 1000": unix sockets know the process, not an address.
[[nodiscard]] std::string name_of(const ucred& process);

}  // namespace aep::source
