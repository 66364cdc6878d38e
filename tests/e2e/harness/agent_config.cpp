#include "harness/agent_config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace aep::e2e {
namespace {

std::string member(const std::string& more) {
    return more.empty() ? "" : ", " + more;
}

std::string list(const char* key, const std::vector<std::string>& entries) {
    return entries.empty() ? "" : fmt::format("{}:\n  - {}\n", key, fmt::join(entries, "\n  - "));
}

}  // namespace

AgentConfig AgentConfig::to(const InletProcess& inlet, const std::string& more) {
    AgentConfig config;
    config.event_stream("events", "inlet").destination("inlet", inlet.url(), inlet.ca_file(), more);
    return config;
}

AgentConfig& AgentConfig::agent(const std::string& more) {
    agent_ = more;
    return *this;
}

AgentConfig& AgentConfig::limits(const std::string& members) {
    limits_ = members;
    return *this;
}

AgentConfig& AgentConfig::file_source(const std::string& id, const std::string& include,
                                      const std::string& stream, const std::string& more) {
    sources_.push_back(
        fmt::format("{{id: {}, type: file, include: ['{}'], start_at: beginning, stream: {}{}}}", id, include,
                    stream, member(more)));
    return *this;
}

AgentConfig& AgentConfig::source(const std::string& id, const std::string& more, const std::string& stream) {
    sources_.push_back(fmt::format("{{id: {}, {}, stream: {}}}", id, more, stream));
    return *this;
}

AgentConfig& AgentConfig::section(const std::string& yaml) {
    more_sections_ += yaml + "\n";
    return *this;
}

AgentConfig& AgentConfig::stdin_source(const std::string& more) {
    sources_.push_back(fmt::format("{{id: pipe, type: stdin, stream: events{}}}", member(more)));
    return *this;
}

AgentConfig& AgentConfig::schema_file(const std::string& file) {
    schema_file_ = file;
    return *this;
}

AgentConfig& AgentConfig::event_stream(const std::string& id, const std::string& destination,
                                       const std::string& more) {
    return stream(id, "experience_event", destination, more);
}

AgentConfig& AgentConfig::profile_stream(const std::string& id, const std::string& destination,
                                         const std::string& more) {
    return stream(id, "profile", destination, more);
}

AgentConfig& AgentConfig::stream(const std::string& id, const std::string& kind,
                                 const std::string& destination, const std::string& more) {
    streams_.push_back(fmt::format(
        "{{id: {0}, kind: {1}, schema: {{id: 'https://ns.adobe.com/acme/schemas/{0}'{4}}}, dataset_id: "
        "5e30d7986c0cc218a85cee65, destination: {2}{3}}}",
        id, kind, destination, member(more), schema_file_.empty() ? "" : ", file: '" + schema_file_ + "'"));
    return *this;
}

AgentConfig& AgentConfig::destination(const std::string& id, const std::string& url,
                                      const std::string& ca_file, const std::string& more,
                                      const std::string& more_tls) {
    const bool has = more.find("batch:") != std::string::npos;
    const bool has_retry = more.find("retry:") != std::string::npos;
    destinations_.push_back(
        fmt::format("{{id: {}, platform: acme, url: '{}', tls: {{ca_file: '{}'{}}}{}{}{}}}", id, url, ca_file,
                    member(more_tls), has ? "" : ", batch: {linger: 20ms}",
                    has_retry ? "" : ", retry: {initial: 20ms, max: 200ms}", member(more)));
    return *this;
}

AgentConfig& AgentConfig::platform_auth(const std::string& auth) {
    auth_ = auth;
    return *this;
}

AgentConfig& AgentConfig::log_level(const std::string& level) {
    log_level_ = level;
    return *this;
}

std::string AgentConfig::yaml(std::uint16_t telemetry_port) const {
    std::string text = fmt::format("agent: {{state_dir: state{}}}\n", member(agent_));
    text += fmt::format("platforms:\n  - {{id: acme, org_id: 0123456789ABCDEF@AdobeOrg, limits: {{{}}}{}}}\n",
                        limits_, auth_.empty() ? "" : ", auth: " + auth_);
    text += list("sources", sources_) + list("streams", streams_) + list("destinations", destinations_);
    const std::string listen = telemetry_port == 0 ? "off" : fmt::format("'127.0.0.1:{}'", telemetry_port);
    return text + more_sections_ +
           fmt::format("telemetry: {{listen: {}, log: {{level: {}}}}}\n", listen, log_level_);
}

}  // namespace aep::e2e
