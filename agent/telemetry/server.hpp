#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::telemetry {

struct ServerLimits {
    std::size_t connections = 32;  ///< more wait in the kernel's backlog
    std::chrono::milliseconds request_time{
        10'000};  ///< for reading and answering one request, or waiting for it
};

/// Serves /metrics, /healthz and /readyz over plain HTTP/1.1 on one thread of its own. Bounded: at most 32
/// connections, 8 KiB of request head, 10 s a request. Destroying it stops the thread.
class Server {
  public:
    /// Binds `listen` ("127.0.0.1:9464", "[::1]:9464", "localhost:0"). `metrics` and `health` outlive the
    /// server.
    [[nodiscard]] static base::Result<std::unique_ptr<Server>> start(const std::string& listen,
                                                                     const Metrics& metrics,
                                                                     const Health& health,
                                                                     const ServerLimits& limits = {});
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::uint16_t port() const;

  private:
    struct Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::telemetry
