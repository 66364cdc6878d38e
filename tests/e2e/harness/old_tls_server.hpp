#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <thread>

namespace aep::e2e {

/// A server that speaks no TLS but 1.1, and says nothing. One connection at a time.
class OldTlsServer {
  public:
    /// With key and certificate of `identity` (PEM). Takes `port` of 127.0.0.1.
    OldTlsServer(std::uint16_t port, const std::filesystem::path& identity);
    ~OldTlsServer();
    OldTlsServer(const OldTlsServer&) = delete;
    OldTlsServer& operator=(const OldTlsServer&) = delete;

    [[nodiscard]] unsigned refused() const { return refused_; }

  private:
    void run(const std::filesystem::path& identity);

    int listener_ = -1;
    std::atomic<unsigned> refused_{0};
    std::thread thread_;
};

}  // namespace aep::e2e
