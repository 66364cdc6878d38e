#include "harness/inlet_process.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <stdexcept>
#include <utility>

namespace aep::e2e {
namespace {

namespace json = boost::json;

/// The port in the line that the inlet prints when it listens; 0 while it has not.
std::uint16_t announced_port(const std::string& out) {
    if (!out.ends_with('\n')) return 0;
    const json::value line = json::parse(out);
    const std::string listening = json::value_to<std::string>(line.at("listening"));
    return static_cast<std::uint16_t>(std::stoi(listening.substr(listening.rfind(':') + 1)));
}

void expect(const Answer& answer, const std::string& what) {
    if (answer.status == 200) return;
    throw std::runtime_error{fmt::format("{}: status {}: {}", what, answer.status, answer.body)};
}

}  // namespace

InletProcess::InletProcess(std::vector<std::string> arguments) : arguments_{std::move(arguments)} {
    start(0);
}

void InletProcess::start(std::uint16_t port) {
    std::vector<std::string> command{
        AEP_AGENT_BINARY, "inlet",        "--listen",        fmt::format("127.0.0.1:{}", port),
        "--ca-file",      ca_file(),      "--identity-file", identity_file(),
        "--entities",     entities_file()};
    command.insert(command.end(), arguments_.begin(), arguments_.end());
    process_ = std::make_unique<Process>(
        Process::Setup{.command = std::move(command), .directory = dir_.path(), .name = "inlet"});
    std::uint16_t announced = 0;
    const bool listens = eventually(
        [&] { return (announced = announced_port(process_->out())) != 0 || !process_->is_running(); });
    if (!listens || announced == 0) {
        throw std::runtime_error{"aep-agent inlet does not start: " + process_->err()};
    }
    port_ = announced;
}

void InletProcess::kill() {
    process_->kill();
}

void InletProcess::restart() {
    start(port_);
}

void InletProcess::restart_with(std::vector<std::string> arguments) {
    kill();
    arguments_ = std::move(arguments);
    restart();
}

void InletProcess::set_token_fault(const std::string& json) const {
    expect(client().put("/inlet/tokens", json), "PUT /inlet/tokens");
}

void InletProcess::revoke_tokens() const {
    expect(client().remove("/inlet/tokens"), "DELETE /inlet/tokens");
}

void InletProcess::set_fault(const std::string& json) const {
    expect(client().put("/inlet/fault", json), "PUT /inlet/fault");
}

void InletProcess::clear_fault() const {
    expect(client().remove("/inlet/fault"), "DELETE /inlet/fault");
}

InletProcess::Stats InletProcess::stats() const {
    const auto number = [this](const char* target, const char* key) {
        const Answer answer = client().get(target);
        expect(answer, target);
        return json::parse(answer.body).at(key).to_number<std::uint64_t>();
    };
    const Answer answer = client().get("/inlet/stats");
    expect(answer, "GET /inlet/stats");
    const json::value stats = json::parse(answer.body);
    const auto stat = [&](const char* key) { return stats.at(key).to_number<std::uint64_t>(); };
    return {.requests = stat("requests"),
            .messages = stat("messages"),
            .accepted = stat("accepted"),
            .refused = stat("refused"),
            .tokens_issued = number("/inlet/tokens", "issued")};
}

InletProcess::Traffic InletProcess::traffic() const {
    const Answer answer = client().get("/inlet/traffic");
    expect(answer, "GET /inlet/traffic");
    const json::value traffic = json::parse(answer.body);
    const auto list = [&](const char* key) {
        return json::value_to<std::vector<std::uint64_t>>(traffic.at(key));
    };
    return {.requests = list("requests"), .messages = list("messages"), .throttled = list("throttled")};
}

std::string InletProcess::entity(const std::string& id) const {
    const Answer answer = client().get("/inlet/entities?id=" + id);
    expect(answer, "GET /inlet/entities");
    return answer.body;
}

std::string InletProcess::url(const std::string& host) const {
    return fmt::format("https://{}:{}/collection/{:064x}", host, port_, 0x5EED);
}

std::string InletProcess::token_url(const std::string& host) const {
    return fmt::format("https://{}:{}/ims/token/v3", host, port_);
}

}  // namespace aep::e2e
