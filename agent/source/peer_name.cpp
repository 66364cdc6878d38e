#include "source/peer_name.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <array>
#include <cstring>

namespace aep::source {
namespace {

std::string text_of(int family, const void* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const char* written = ::inet_ntop(family, address, text.data(), text.size());
    return written == nullptr ? "?" : written;
}

}  // namespace

std::string name_of(const sockaddr_storage& address) {
    if (address.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        return fmt::format("{}:{}", text_of(AF_INET, &v4.sin_addr), ntohs(v4.sin_port));
    }
    if (address.ss_family != AF_INET6) return "?";
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
        return fmt::format("{}:{}", text_of(AF_INET, &v6.sin6_addr.s6_addr[12]), ntohs(v6.sin6_port));
    }
    return fmt::format("[{}]:{}", text_of(AF_INET6, &v6.sin6_addr), ntohs(v6.sin6_port));
}

std::string name_of(const ucred& process) {
    return fmt::format("pid {} uid {}", process.pid, process.uid);
}

}  // namespace aep::source
