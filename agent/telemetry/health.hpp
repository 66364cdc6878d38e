#pragma once

#include <map>
#include <mutex>
#include <string>

namespace aep::telemetry {

/// Whether the agent can do its job, and if not why. Rooms report conditions; /readyz is ready when there are
/// none. Free-threaded.
class Health {
  public:
    /// `subject` ("destination inlet") cannot do its job because of `reason` (a short word: "unreachable").
    void set_trouble(const std::string& subject, std::string reason);
    void clear_trouble(const std::string& subject);
    /// All stages have been started (true) or a drain has begun (false).
    void set_running(bool running);

    [[nodiscard]] bool ready() const;
    /// One line per trouble, "subject: reason".
    [[nodiscard]] std::string troubles() const;
    /// These, after one where not all stages run. Empty when ready.
    [[nodiscard]] std::string report() const;

  private:
    mutable std::mutex mutex_;
    bool running_ = false;
    std::map<std::string, std::string> troubles_;
};

}  // namespace aep::telemetry
