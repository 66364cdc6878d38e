#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.hpp"
#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {
namespace {

using namespace std::chrono_literals;
using base::operator""_KiB;
using base::operator""_GiB;
using Options = source::SourceOptions;
using Type = Options::Type;
using source::Framing;

const Words<Type> kModes{{{"stream", Type::UnixStream}, {"datagram", Type::UnixDatagram}}};

bool is_stream(Type type) {
    return type == Type::Tcp || type == Type::UnixStream;
}

std::optional<Fault> check_permissions(std::string_view text) {
    const bool octal = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; });
    if (octal && (text.size() == 3 || (text.size() == 4 && text.front() == '0'))) return std::nullopt;
    return Fault{"is not a file mode", "write three octal digits: '0660'"};
}

void read_permissions(MapReader& source, unsigned& out) {
    std::string text = fmt::format("{:04o}", out);
    source.text("permissions", text, check_permissions);
    if (check_permissions(text)) return;
    std::from_chars(text.data(), text.data() + text.size(), out, 8);
}

/// The codec says where records end, but for what a connection's framing says.
void read_framing(MapReader& source, Options& options) {
    if (is_stream(options.type)) {
        const std::string_view codec = options.framing == Framing::Newline ? "newline" : "json";
        if (source.is_word("framing", codec, true)) return;
        static const Words<Framing> kFramings{{{"newline", Framing::Newline},
                                               {"octet_counting", Framing::OctetCounting},
                                               {"auto", Framing::Auto}}};
        source.choice("framing", options.framing, kFramings);
    } else if (options.type == Type::Udp || options.type == Type::UnixDatagram) {
        source.misplaced({"framing"}, "only for connections: a datagram is one record");
    } else if (options.framing == Framing::Newline) {
        source.later("framing", {"newline"});
    } else {
        source.later("framing");
    }
}

/// Each connection may hold 4 KiB of an incomplete record for as long as it lasts.
void read_max_connections(MapReader& source, std::size_t& out, std::size_t memory_limit) {
    const std::size_t most = memory_limit / 2 / 4_KiB;
    out = std::min(out, most);
    source.integer("max_connections", out, {1, 65536});
    if (out <= most) return;
    source.fail("max_connections",
                fmt::format("{} connections may hold {} of unfinished records, more than half of "
                            "agent.memory_limit",
                            out, base::human_bytes(out * 4_KiB)),
                fmt::format("at most {}, or raise agent.memory_limit", most));
}

void read_connection_keys(MapReader& source, Options& options, std::size_t memory_limit) {
    read_max_connections(source, options.max_connections, memory_limit);
    if (source.is_word("idle_timeout", "never", false)) {
        options.idle_timeout = 0ms;
    } else {
        source.duration("idle_timeout", options.idle_timeout, {1s, 24h});
    }
}

void read_tls(MapReader tls, source::ServerTlsOptions& options) {
    if (tls.present()) {
        tls.require("cert_file", "cert_file: FILE");
        tls.require("key_file", "key_file: FILE");
    }
    tls.path("cert_file", options.cert_file);
    tls.path("key_file", options.key_file);
    tls.path("client_ca_file", options.client_ca_file);
    tls.finish();
}

void read_listen(MapReader& source, Options& options) {
    source.require("listen", "listen: '127.0.0.1:5170'");
    source.text("listen", options.listen, check_listen);
}

void read_path(MapReader& source, Options& options) {
    source.require("path", "path: /run/aep-agent/app.sock");
    source.path("path", options.path);
    constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
    if (options.path.native().size() <= kMost) return;
    source.fail("path",
                fmt::format("is {} bytes long with its directory; the system takes {} for a socket",
                            options.path.native().size(), kMost),
                "choose a shorter one");
}

}  // namespace

void read_socket_keys(MapReader& source, Options& options, std::size_t memory_limit) {
    const bool is_unix = options.type == Type::UnixStream;
    if (is_unix) {
        source.choice("mode", options.type, kModes);
        read_path(source, options);
        read_permissions(source, options.permissions);
    } else {
        source.misplaced({"mode", "path", "permissions"}, "only for type 'unix'");
    }
    read_framing(source, options);
    if (options.type == Type::Tcp || options.type == Type::Udp) {
        read_listen(source, options);
    } else {
        source.misplaced({"listen"}, "only for the types 'tcp' and 'udp'");
    }
    if (is_stream(options.type)) {
        read_connection_keys(source, options, memory_limit);
    } else {
        source.misplaced({"max_connections", "idle_timeout"}, "only for connections");
    }
    if (options.type == Type::Tcp) {
        read_tls(source.section("tls"), options.tls);
    } else {
        source.misplaced({"tls"}, "only for type 'tcp'");
    }
    if (options.type == Type::Udp) {
        source.size("receive_buffer", options.receive_buffer, {4_KiB, 1_GiB});
    } else {
        source.misplaced({"receive_buffer"}, "only for type 'udp'");
    }
}

void pass_over_socket_keys(MapReader& source) {
    source.ignore({"framing", "listen", "max_connections", "idle_timeout", "receive_buffer", "path", "mode",
                   "permissions", "tls"});
}

}  // namespace aep::config
