#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "harness/agent_process.hpp"
#include "harness/eventually.hpp"

namespace aep::e2e {

/// One line of `aep-agent positions list --json`.
struct Position {
    std::string source;
    std::string file;
    std::string generation;
    std::uint64_t inode = 0;
    std::uint64_t position = 0;
};

/// What the agent's store says now; works beside a running agent and after it was killed.
[[nodiscard]] std::vector<Position> positions_of(const AgentProcess& agent);

/// `kill -9` at random moments and restart, while the application writes on. What happens in a round, and
/// what is compared after a kill, is the test's.
class CrashRounds {
  public:
    struct Timing {
        milliseconds shortest{50};  ///< a round lasts between these, from when the agent runs
        milliseconds longest{700};
        std::uint64_t seed = 1;
    };

    CrashRounds(AgentProcess& agent, const AgentConfig& config, const Timing& timing)
        : agent_{agent}, config_{config}, timing_{timing}, random_{timing.seed} {}

    struct Round {
        std::function<void()> meanwhile;  ///< again and again, while the agent runs
        std::function<void()> after_kill;
        std::function<void()> after_start = [] {};
        std::function<void()> before_kill = [] {};  ///< at once after it the agent is killed
    };
    /// The agent is not running when it returns.
    void run(int rounds, const Round& round);

  private:
    AgentProcess& agent_;
    const AgentConfig& config_;
    const Timing timing_;
    std::mt19937_64 random_;
};

}  // namespace aep::e2e
