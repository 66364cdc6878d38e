#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace aep::e2e {

/// An application that sends records to a socket of the agent: blocking, each call for 60 s at most. Throws
/// where it cannot connect.
class Sender {
  public:
    /// To "127.0.0.1:PORT".
    static Sender tcp(const std::string& address);
    static Sender udp(const std::string& address);
    static Sender unix_stream(const std::string& path);
    static Sender unix_datagram(const std::string& path);

    Sender(Sender&& other) noexcept;
    Sender& operator=(Sender&&) = delete;
    ~Sender() { close(); }

    struct Identity {
        EVP_PKEY* key = nullptr;
        X509* certificate = nullptr;
    };
    /// From now on over TLS; trusts `ca_file`. False: the handshake failed. In TLS 1.3 a client whose
    /// certificate is refused learns that only later.
    bool start_tls(const std::filesystem::path& ca_file, const Identity& identity);

    /// False: the other side does not take it.
    bool send(std::string_view bytes);
    /// Ends in good order.
    void close();
    /// Waits until the other kernel has all that was sent, then breaks the connection.
    void reset();
    /// Waits until the other side closes.
    [[nodiscard]] bool is_closed();

  private:
    explicit Sender(int fd) : fd_{fd} {}

    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };

    int fd_ = -1;
    std::unique_ptr<SSL_CTX, Free> context_;
    std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace aep::e2e
