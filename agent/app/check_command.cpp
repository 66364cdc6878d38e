#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/proofs.hpp"
#include "app/standard_streams.hpp"
#include "config/load.hpp"
#include "config/summary.hpp"
#include "http/proxy.hpp"
#include "http/tls_context.hpp"
#include "http/token_provider.hpp"
#include "source/server_tls.hpp"

namespace aep::app {
namespace {

struct CheckArguments {
    std::vector<std::filesystem::path> files;
    bool print = false;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  aep-agent check -c /etc/aep-agent/agent.yaml\n"
    "  aep-agent check -c /etc/aep-agent/conf.d             a directory: its *.yaml in name order\n"
    "  aep-agent check -c base.yaml -c site.yaml            several files are one configuration\n"
    "  aep-agent check -c agent.yaml --print                with defaults, and where each value comes from\n"
    "\n"
    "Exit codes: 0 valid, 2 not valid (each problem is a line on stderr).\n";

int report_problems(const std::vector<std::string>& problems) {
    for (const std::string& problem : problems) say("{}\n", problem);
    say("configuration is not valid: {} problem{}\n", problems.size(), problems.size() == 1 ? "" : "s");
    return kExitUsage;
}

/// What the configuration names and this machine must have: files, and proxies that can be understood.
std::vector<std::string> unusable(const config::Config& config) {
    std::vector<std::string> problems;
    for (const config::Source& source : config.sources) {
        if (source.options.tls.cert_file.empty()) continue;
        if (const auto tls = source::make_server_tls(source.options.tls); !tls) {
            problems.push_back(fmt::format("source '{}': {}", source.options.id, tls.error().message));
        }
    }
    for (const config::Destination& destination : config.destinations) {
        const delivery::DestinationOptions& options = destination.delivery;
        const auto report = [&](const base::Error& error) {
            problems.push_back(fmt::format("destination '{}': {}", options.id, error.message));
        };
        const auto url = http::parse_https_url(options.url);
        if (const auto tls = http::TlsContext::create(options.tls); !tls) report(tls.error());
        const auto proxy = http::choose_proxy(options.proxy, url.value(), http::process_environment());
        if (!proxy) report(proxy.error());
    }
    for (const http::TokenOptions& platform : config.tokens) {
        const auto usable = http::TokenProvider::check(platform);
        if (!usable) problems.push_back(usable.error().message);
    }
    return problems;
}

/// What a crash would lose, and how it would not.
void warn_of_memory_only(const config::Config& config) {
    for (const config::Source& source : config.sources) {
        if (source.options.type == source::SourceOptions::Type::File) continue;
        const std::string& destination = config.stream(source.options.stream).destination;
        if (config.destination(destination).delivery.buffer.type == delivery::BufferOptions::Type::Disk) {
            continue;
        }
        say("warning: source '{}': what it has read is only in memory until it is delivered, and lost "
            "in a crash; where that matters give destination '{}' buffer: {{type: disk}}\n",
            source.options.id, destination);
    }
}

int check(const CheckArguments& arguments) {
    const config::LoadOutcome outcome = config::load(arguments.files);
    for (const config::Problem& warning : outcome.warnings) {
        say("warning: {}\n", warning.to_string());
    }
    if (!outcome.config) {
        std::vector<std::string> lines;
        for (const config::Problem& problem : outcome.problems) lines.push_back(problem.to_string());
        return report_problems(lines);
    }
    const Proofs proofs = load_proofs(*outcome.config);
    for (const std::string& warning : proofs.warnings) say("warning: {}\n", warning);
    std::vector<std::string> problems = unusable(*outcome.config);
    problems.insert(problems.end(), proofs.errors.begin(), proofs.errors.end());
    if (!problems.empty()) return report_problems(problems);
    warn_of_memory_only(*outcome.config);
    if (arguments.print) fmt::print("{}", config::to_yaml(outcome.effective));
    say("configuration is valid: {}\n", config::summary(*outcome.config));
    return kExitOk;
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand("check", "is the configuration right, and what does it come to?");
    // Shared by CLI11, which fills it while parsing, and the action, which reads it afterwards.
    const auto arguments = std::make_shared<CheckArguments>();
    command
        ->add_option("-c,--config", arguments->files, "A configuration file, or a directory of them; repeats")
        ->required()
        ->type_name("FILE|DIR");
    command->add_flag("--print", arguments->print,
                      "Write the effective configuration to stdout: defaults, origins, secrets hidden");
    command->footer(kExamples);
    command->callback([arguments, &action] { action = [arguments] { return check(*arguments); }; });
}

}  // namespace aep::app
