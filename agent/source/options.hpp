#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/duration.hpp"

namespace aep::source {

/// Where one record ends and the next begins. The codec declares it.
enum class Framing {
    Newline,        ///< LF or CRLF
    Json,           ///< the end of a JSON value, outside of strings
    OctetCounting,  ///< RFC 6587, section 3.4.1: each record behind its length
    Auto,           ///< octet counting where a digit comes first, else lines
};

/// TLS of a source that listens: on when cert_file is set.
struct ServerTlsOptions {
    std::filesystem::path cert_file;  ///< PEM: the certificate and those between it and its CA
    std::filesystem::path key_file;   ///< PEM, without a password
    std::filesystem::path
        client_ca_file;  ///< PEM: clients must show a certificate of these; empty: none asked
    friend bool operator==(const ServerTlsOptions&, const ServerTlsOptions&) = default;
};

/// One entry of `sources:`.
struct SourceOptions {
    enum class Type { File, Stdin, Tcp, Udp, UnixStream, UnixDatagram };
    enum class StartAt { End, Beginning };

    std::string id;
    Type type = Type::File;
    std::string stream;
    Framing framing = Framing::Newline;  ///< filled from the codec
    std::size_t max_record = std::size_t{1} << 20U;
    base::Millis gather{5};  ///< a woken source waits this long before it reads

    // type: file
    std::vector<std::string> include;  ///< globs
    std::vector<std::string> exclude;  ///< globs, matched against the whole path, and against the file name
                                       ///< where they have no slash
    StartAt start_at = StartAt::End;   ///< for files that the very first scan finds
    bool follow = true;  ///< false: read to the end once, the last line also without its newline (`send`)

    // types tcp and udp
    std::string listen;  ///< HOST:PORT; port 0: any free one, the log tells which

    // types tcp and unix (stream)
    std::size_t max_connections = 1000;
    base::Millis idle_timeout{std::chrono::minutes{5}};  ///< without a byte; 0: none
    ServerTlsOptions tls;                                ///< tcp only

    // type: udp
    std::size_t receive_buffer = std::size_t{4} << 20U;

    // type: unix
    std::filesystem::path path;
    unsigned permissions = 0660;  ///< of the socket file
    friend bool operator==(const SourceOptions&, const SourceOptions&) = default;
};

}  // namespace aep::source
