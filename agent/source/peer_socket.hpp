#pragma once

#include <cstddef>
#include <string>

#include "source/descriptor.hpp"
#include "source/server_tls.hpp"
#include "source/stream_reader.hpp"

namespace aep::source {

/// An accepted connection's bytes in clear text, with or without TLS. Never waits. Confined.
///
/// An end in good order is the peer's FIN, and with TLS its close_notify before that; anything else is
/// broken, because nobody can know whether bytes are missing.
class PeerSocket {
  public:
    using Outcome = StreamReader::Outcome;

    /// `fd` is non-blocking. `tls` null: plain.
    PeerSocket(Descriptor fd, SSL_CTX* tls);

    [[nodiscard]] int fd() const { return fd_.get(); }
    /// The TLS handshake is done, or there is none.
    [[nodiscard]] bool is_ready() const { return ready_; }
    /// Goes on with the handshake: Data when it is done, Nothing where the peer is next, else Broken.
    [[nodiscard]] Outcome shake_hands();

    /// About how many bytes a read() would give; 0 also at an end.
    [[nodiscard]] std::size_t available() const;
    /// Whether read() would give Data, Nothing, End or Broken. Takes nothing.
    [[nodiscard]] Outcome look();
    /// Never Stop.
    [[nodiscard]] Outcome read(char* bytes, std::size_t size, std::size_t& got);
    /// Bytes are held here that the kernel knows nothing of: no event will tell of them.
    [[nodiscard]] bool holds_bytes() const { return ssl_ && SSL_pending(ssl_.get()) > 0; }

    /// Why the last call was Broken.
    [[nodiscard]] const std::string& error() const { return error_; }

  private:
    [[nodiscard]] Outcome read_plain(char* bytes, std::size_t size, int flags, std::size_t& got);
    [[nodiscard]] Outcome outcome_of(int result);
    [[nodiscard]] Outcome broken(std::string error);

    Descriptor fd_;
    SslPtr ssl_;
    bool ready_ = false;
    std::string error_;
};

}  // namespace aep::source
