#include "base/bytes.hpp"
#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {

using namespace std::chrono_literals;
using base::operator""_MiB;
using base::operator""_GiB;

AgentOptions read_agent(MapReader agent) {
    AgentOptions options;
    if (!agent.is_word("id", "auto", true)) agent.text("id", options.id, check_id);
    if (!agent.is_word("workers", "auto", true)) agent.integer("workers", options.workers, {1, 256});
    agent.path("state_dir", options.state_dir);
    agent.duration("shutdown_timeout", options.shutdown_timeout, {0ms, 1h});
    agent.size("memory_limit", options.memory_limit, {8_MiB, 1024_GiB});
    agent.finish();
    return options;
}

}  // namespace aep::config
