#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "app/agent.hpp"
#include "app/progress_watch.hpp"
#include "app/service_manager.hpp"
#include "config/config.hpp"

namespace aep::app {

/// Keeps the service manager informed while the daemon runs: that it is ready, a line about its records, and,
/// only while the stages make progress, that it is alive. A thread of its own looks once a second; there is
/// none where no service manager listens. The agent outlives it.
class Supervision {
  public:
    /// The agent has been started.
    Supervision(const Agent& agent, const config::Config& config);
    ~Supervision() = default;
    Supervision(const Supervision&) = delete;
    Supervision& operator=(const Supervision&) = delete;

    /// A drain has begun. It is watched as well.
    void stopping();
    /// The configuration is being replaced, and has been.
    void reloading();
    void reloaded(const config::Config& config);

  private:
    void watch(const std::stop_token& stop);
    void look(base::SteadyTime now);
    [[nodiscard]] bool makes_progress(base::SteadyTime now);

    const Agent& agent_;
    std::mutex mutex_;
    std::condition_variable_any ended_;
    ServiceManager manager_;  ///< guarded
    ProgressWatch progress_;  ///< of the thread
    base::SteadyTime next_status_ = {};
    base::SteadyTime next_alive_ = {};
    bool is_stuck_ = false;
    std::jthread thread_;  ///< last: stops before the rest goes
};

}  // namespace aep::app
