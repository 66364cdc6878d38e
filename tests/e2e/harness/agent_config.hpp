#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/inlet_process.hpp"

namespace aep::e2e {

/// An agent's configuration, as a user would write it. What a test does not set is the agent's default, but
/// for short waits (linger, retry). `more` members are flow YAML: "max_record: 64KiB, gather: 1ms".
class AgentConfig {
  public:
    /// One destination and one stream of events to it: "inlet", "events".
    static AgentConfig to(const InletProcess& inlet, const std::string& more = "");
    AgentConfig() = default;

    AgentConfig& agent(const std::string& more);
    /// Of the one platform; without it there are none.
    AgentConfig& limits(const std::string& members);
    AgentConfig& file_source(const std::string& id, const std::string& include,
                             const std::string& stream = "events", const std::string& more = "");
    /// Of any type: `more` are all its members but id and stream.
    AgentConfig& source(const std::string& id, const std::string& more, const std::string& stream = "events");
    AgentConfig& stdin_source(const std::string& more = "");
    /// `schema.file` of the streams that are added from now on.
    AgentConfig& schema_file(const std::string& file);
    AgentConfig& event_stream(const std::string& id, const std::string& destination,
                              const std::string& more = "");
    AgentConfig& profile_stream(const std::string& id, const std::string& destination,
                                const std::string& more = "");
    AgentConfig& destination(const std::string& id, const std::string& url, const std::string& ca_file,
                             const std::string& more = "", const std::string& more_tls = "");
    /// `auth:` of the platform, a flow map.
    AgentConfig& platform_auth(const std::string& auth);
    AgentConfig& log_level(const std::string& level);

    /// A whole section of the top level: "dead_letter: {max_bytes: 1MiB}".
    AgentConfig& section(const std::string& yaml);

    /// `telemetry_port` 0: no server.
    [[nodiscard]] std::string yaml(std::uint16_t telemetry_port) const;

  private:
    AgentConfig& stream(const std::string& id, const std::string& kind, const std::string& destination,
                        const std::string& more);

    std::string agent_;
    std::string auth_;
    std::string log_level_ = "info";
    std::string limits_ = "requests_per_second: unlimited, messages_per_second: unlimited";
    std::string schema_file_;
    std::vector<std::string> sources_;
    std::vector<std::string> streams_;
    std::vector<std::string> destinations_;
    std::string more_sections_;
};

}  // namespace aep::e2e
