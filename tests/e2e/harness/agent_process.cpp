#include "harness/agent_process.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

#include "harness/http_client.hpp"

namespace aep::e2e {
namespace {

/// A port that was free a moment ago: `run` does not say which one it got for port 0.
std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound = ::bind(fd, generic, size) == 0 && ::getsockname(fd, generic, &size) == 0;
    const int error = errno;
    ::close(fd);
    if (!bound) throw std::system_error{error, std::generic_category(), "bind"};
    return ntohs(address.sin_port);
}

}  // namespace

Outcome run_command(const std::vector<std::string>& arguments, const std::filesystem::path& directory) {
    std::vector<std::string> command{AEP_AGENT_BINARY};
    command.insert(command.end(), arguments.begin(), arguments.end());
    Process process{{.command = command, .directory = directory, .name = "command"}};
    const auto exit_code = process.wait(seconds{60});
    return {.exit_code = exit_code, .out = process.out(), .err = process.err()};
}

void AgentProcess::start(const AgentConfig& config, Process::Input input) {
    constexpr int kAttempts = 5;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        port_ = free_port();
        spawn(config, input);
        if (wait_until_it_runs()) return;
    }
    throw std::runtime_error{"aep-agent run does not start: " + process_->err()};
}

void AgentProcess::start_quietly(const AgentConfig& config, Process::Input input) {
    port_ = 0;
    spawn(config, input);
}

void AgentProcess::spawn(const AgentConfig& config, Process::Input input) {
    const std::string file = dir_.write("agent.yaml", config.yaml(port_));
    process_ = std::make_unique<Process>(Process::Setup{.command = {AEP_AGENT_BINARY, "run", "-c", file},
                                                        .directory = dir_.path(),
                                                        .name = "agent",
                                                        .input = input,
                                                        .environment = environment_,
                                                        .descriptors = descriptors_});
}

bool AgentProcess::wait_until_it_runs() {
    // Not an answer on its port: someone else who took the port would answer as well.
    const auto runs = [this] { return process_->err().find(" started: running") != std::string::npos; };
    (void)eventually([&] { return runs() || !process_->is_running(); });
    return runs();
}

bool AgentProcess::reload(const AgentConfig& config) {
    const std::size_t taken = count_in_log(" reloaded: ");
    const std::size_t refused = count_in_log(" reload_refused: ");
    dir_.write("agent.yaml", config.yaml(port_));
    process_->signal(SIGHUP);
    const auto answered = [&] {
        return count_in_log(" reloaded: ") > taken || count_in_log(" reload_refused: ") > refused;
    };
    if (!eventually(answered)) throw std::runtime_error{"no answer to SIGHUP: " + process_->err()};
    return count_in_log(" reloaded: ") > taken;
}

std::size_t AgentProcess::count_in_log(std::string_view part) const {
    const std::string log = process_->err();
    std::size_t count = 0;
    for (std::size_t at = log.find(part); at != std::string::npos; at = log.find(part, at + part.size())) {
        ++count;
    }
    return count;
}

std::optional<int> AgentProcess::stop() {
    process_->signal(SIGTERM);
    return process_->wait();
}

MetricsPage AgentProcess::metrics() const {
    return MetricsPage{metrics_text()};
}

std::string AgentProcess::metrics_text() const {
    const Answer answer = HttpClient{port_}.get("/metrics");
    if (answer.status != 200) throw std::runtime_error{"no /metrics, the agent says: " + process_->err()};
    return answer.body;
}

std::string AgentProcess::listening(const std::string& source) const {
    const std::string log = process_->err();
    const std::string before = " source=" + source + " address=";
    const std::size_t line = log.find(" listening: ");
    const std::size_t at = line == std::string::npos ? line : log.find(before, line);
    if (at == std::string::npos) throw std::runtime_error{"the source does not listen: " + log};
    const std::size_t begin = at + before.size();
    return log.substr(begin, log.find_first_of(" \n", begin) - begin);
}

Answer AgentProcess::readiness() const {
    return HttpClient{port_}.get("/readyz");
}

std::vector<DeadLetter> AgentProcess::dead_letters() const {
    return read_dead_letters(dir_ / "state" / "dead-letter");
}

std::string AgentProcess::last_line() const {
    std::string log = process_->err();
    while (log.ends_with('\n')) log.pop_back();
    return log.substr(log.rfind('\n') + 1);
}

}  // namespace aep::e2e
