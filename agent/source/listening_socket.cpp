#include "source/listening_socket.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "source/peer_name.hpp"
#include "telemetry/listen_address.hpp"

namespace aep::source {
namespace {

using Type = SourceOptions::Type;

base::Error cannot_listen(const SourceOptions& options, std::string_view where, std::string_view why,
                          std::string_view what_to_do) {
    return base::Error{
        fmt::format("source '{}': cannot listen at {}: {}; {}", options.id, where, why, what_to_do)};
}

std::string_view advice(int error) {
    switch (error) {
        case EADDRINUSE:
            return "another process has it: stop that one, or choose another address";
        case EACCES:
            return "ports below 1024 need CAP_NET_BIND_SERVICE, paths a directory that may be written to";
        case EADDRNOTAVAIL:
            return "this machine has no such address";
        case ENOENT:
        case ENOTDIR:
            return "make its directory first";
        default:
            return "choose another";
    }
}

struct AddressesFree {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesFree>;

bool bind_and_listen(int fd, const sockaddr* address, socklen_t size, bool connections) {
    return ::bind(fd, address, size) == 0 && (!connections || ::listen(fd, SOMAXCONN) == 0);
}

/// Not open, with errno, where it is refused.
Descriptor open_at(const addrinfo& place) {
    Descriptor fd{::socket(place.ai_family, place.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!fd.is_open()) return fd;
    const bool connections = place.ai_socktype == SOCK_STREAM;
    const int yes = 1;
    // Connections of a former process that linger do not keep the port.
    if (connections) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind_and_listen(fd.get(), place.ai_addr, place.ai_addrlen, connections)) return fd;
    const int error = errno;
    fd.close();
    errno = error;
    return fd;
}

std::string bound_name(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "?";
    return name_of(address);
}

sockaddr_un unix_address(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& text = path.native();
    std::memcpy(address.sun_path, text.data(), std::min(text.size(), sizeof address.sun_path - 1));
    return address;
}

/// Whether a process listens at the socket file.
bool is_answered(const sockaddr_un& address, int type) {
    const Descriptor probe{::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(probe.get(), generic, sizeof address) == 0 || errno != ECONNREFUSED;
}

/// Nothing where the path is free now, else why not.
std::string_view make_way(const sockaddr_un& address, int type) {
    struct stat status {};
    if (::lstat(address.sun_path, &status) != 0) return {};  // or bind() tells
    if (!S_ISSOCK(status.st_mode)) return "a file that is no socket is there";
    if (is_answered(address, type)) return "another process listens there";
    if (::unlink(address.sun_path) != 0 && errno != ENOENT) return "the socket left there cannot be removed";
    return {};
}

}  // namespace

base::Result<ListeningSocket> ListeningSocket::open(const SourceOptions& options) {
    const bool ip = options.type == Type::Tcp || options.type == Type::Udp;
    return ip ? open_ip(options) : open_unix(options);
}

base::Result<ListeningSocket> ListeningSocket::open_ip(const SourceOptions& options) {
    const auto parsed = telemetry::parse_listen_address(options.listen);
    if (!parsed) return cannot_listen(options, options.listen, "not HOST:PORT", "write 127.0.0.1:5170");
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    hints.ai_socktype = options.type == Type::Tcp ? SOCK_STREAM : SOCK_DGRAM;
    addrinfo* found = nullptr;
    const int failed =
        ::getaddrinfo(parsed->host.c_str(), std::to_string(parsed->port).c_str(), &hints, &found);
    const Addresses addresses{found};
    if (failed != 0) {
        return cannot_listen(options, options.listen, ::gai_strerror(failed), "check the host's name");
    }
    int error = 0;
    for (const addrinfo* place = addresses.get(); place != nullptr; place = place->ai_next) {
        Descriptor fd = open_at(*place);
        if (fd.is_open()) {
            std::string address = bound_name(fd.get());
            return ListeningSocket{std::move(fd), std::move(address)};
        }
        error = errno;
    }
    return cannot_listen(options, options.listen, base::system_message(error), advice(error));
}

base::Result<ListeningSocket> ListeningSocket::open_unix(const SourceOptions& options) {
    const bool connections = options.type == Type::UnixStream;
    const int type = connections ? SOCK_STREAM : SOCK_DGRAM;
    const std::string where = options.path.string();
    const sockaddr_un address = unix_address(options.path);
    if (where != address.sun_path) {
        return cannot_listen(options, where, "the path is too long", "choose one of at most 107 bytes");
    }
    if (const std::string_view occupied = make_way(address, type); !occupied.empty()) {
        return cannot_listen(options, where, occupied, "remove it, or choose another path");
    }
    Descriptor fd{::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    // The mode that the socket has is the most that its file is made with: at no time may more people
    // connect than shall.
    const bool made =
        fd.is_open() && ::fchmod(fd.get(), options.permissions) == 0 &&
        bind_and_listen(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address, connections);
    if (!made) return cannot_listen(options, where, base::system_message(errno), advice(errno));
    ListeningSocket socket{std::move(fd), where};
    socket.path_ = options.path;
    struct stat status {};
    if (::stat(address.sun_path, &status) == 0) {
        socket.file_ = {.device = status.st_dev, .inode = status.st_ino};
    }
    // The process's umask has taken something away.
    if (::chmod(address.sun_path, options.permissions) != 0) {
        return cannot_listen(options, where, base::system_message(errno), "its permissions cannot be set");
    }
    return socket;
}

void ListeningSocket::close() {
    const bool owns_file = fd_.is_open() && !path_.empty();
    fd_.close();
    struct stat status {};
    if (!owns_file || ::lstat(path_.c_str(), &status) != 0) return;
    if (status.st_dev == file_.device && status.st_ino == file_.inode) ::unlink(path_.c_str());
}

}  // namespace aep::source
