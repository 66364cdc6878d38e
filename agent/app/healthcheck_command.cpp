#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/load_config.hpp"
#include "app/standard_streams.hpp"

namespace aep::app {
namespace {

constexpr std::chrono::seconds kPatience{5};

struct HealthArguments {
    std::vector<std::filesystem::path> configs;
    std::string listen = "127.0.0.1:9464";
    bool ready = false;
};

/// Whoever listens on all addresses is reached on this host's own.
std::string reachable(const std::string& host) {
    if (host == "0.0.0.0" || host.empty()) return "127.0.0.1";
    return host == "::" ? "::1" : host;
}

int no(const std::string& listen, const std::string& text) {
    say("aep-agent healthcheck: {}: {}\n", listen, text);
    return kExitRejected;
}

int ask(const std::string& listen, bool ready) {
    const std::size_t colon = listen.rfind(':');
    if (colon == std::string::npos) return no(listen, "is not HOST:PORT"), kExitUsage;
    std::string host = listen.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);

    boost::asio::ip::tcp::iostream server;
    server.expires_after(kPatience);
    server.connect(reachable(host), listen.substr(colon + 1));
    server << "GET " << (ready ? "/readyz" : "/healthz") << " HTTP/1.1\r\nHost: " << listen
           << "\r\nConnection: close\r\n\r\n"
           << std::flush;
    std::string version;
    int status = 0;
    server >> version >> status;
    if (!server) return no(listen, "no answer: " + server.error().message());
    std::string line;
    while (std::getline(server, line) && line != "\r") {
    }
    std::string body;
    while (std::getline(server, line)) body += (body.empty() ? "" : ", ") + line;
    fmt::print("{}\n", body);
    return status == 200 ? kExitOk : kExitRejected;
}

int healthcheck(HealthArguments arguments) {
    if (!arguments.configs.empty()) {
        const auto config = load_config(arguments.configs, "healthcheck");
        if (!config) return kExitUsage;
        arguments.listen = config->telemetry.listen;
        if (arguments.listen.empty()) {
            return no("telemetry.listen", "is off, so nobody can be asked"), kExitUsage;
        }
    }
    return ask(arguments.listen, arguments.ready);
}

}  // namespace

void add_healthcheck(CLI::App& app, Action& action) {
    CLI::App* command =
        app.add_subcommand("healthcheck", "ask a running daemon whether it works (for containers)");
    auto arguments = std::make_shared<HealthArguments>();
    CLI::Option* config =
        command
            ->add_option("-c,--config", arguments->configs,
                         "the daemon's configuration, which says where it listens; may be repeated")
            ->type_name("FILE|DIR");
    command
        ->add_option("--listen", arguments->listen, "its telemetry.listen, in place of -c (127.0.0.1:9464)")
        ->type_name("HOST:PORT")
        ->excludes(config);
    command->add_flag("--ready", arguments->ready,
                      "whether it can do its job (/readyz), not only whether it lives (/healthz)");
    command->footer(
        "Exit codes: 0 yes; 1 no, or no answer within 5 s; 2 bad command line or configuration.\n"
        "\n"
        "Examples:\n"
        "  aep-agent healthcheck -c /etc/aep-agent\n"
        "  aep-agent healthcheck --ready --listen 127.0.0.1:9464");
    command->callback([&action, arguments] { action = [arguments] { return healthcheck(*arguments); }; });
}

}  // namespace aep::app
