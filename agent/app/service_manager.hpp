#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/duration.hpp"

namespace aep::app {

/// Tells the service manager how the daemon is: systemd's notification protocol (sd_notify(3)), one datagram
/// to the socket that $NOTIFY_SOCKET names. Without one it does nothing. Confined;
/// never waits.
class ServiceManager {
  public:
    /// Looks into the environment, and leaves it as it is: other threads may read it, and there are no
    /// children.
    [[nodiscard]] static ServiceManager from_environment();
    ServiceManager(ServiceManager&& other) noexcept;
    ServiceManager& operator=(ServiceManager&&) = delete;
    ~ServiceManager();

    [[nodiscard]] bool is_there() const { return socket_ >= 0; }

    void ready();
    /// The configuration is being replaced; ready() says that it has been.
    void reloading();
    void stopping();
    /// For `systemctl status`.
    void status(std::string_view line);
    /// The daemon makes progress. Sent only where the unit has a WatchdogSec.
    void alive();

    /// Half the unit's WatchdogSec, at which alive() should be called; nothing without one.
    [[nodiscard]] std::optional<base::Millis> alive_every() const { return alive_every_; }

  private:
    ServiceManager() = default;
    void send(std::string_view text) const;

    std::string address_;  ///< empty: nobody listens
    int socket_ = -1;
    std::optional<base::Millis> alive_every_;
};

}  // namespace aep::app
