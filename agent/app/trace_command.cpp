#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/load_config.hpp"
#include "app/standard_streams.hpp"
#include "app/trace.hpp"

namespace aep::app {
namespace {

struct TraceArguments {
    std::vector<std::filesystem::path> configs;
    TraceQuestion question;
    bool json = false;
};

int run_trace(TraceArguments arguments) {
    if (arguments.question.id.empty() == arguments.question.file.empty()) {
        say("aep-agent trace: of which record? give --id ID, or --file FILE and --offset N\n");
        return kExitUsage;
    }
    const auto config = load_config(arguments.configs, "trace", {.sources = config::Sources::Optional});
    if (!config) return kExitUsage;
    if (!arguments.question.file.empty()) {
        arguments.question.file =
            std::filesystem::absolute(arguments.question.file).lexically_normal().string();
    }
    const Trace found = trace(arguments.question, *config);
    fmt::print("{}", arguments.json ? to_json(found) : to_text(found));
    return found.stations.empty() ? kExitRejected : kExitOk;
}

}  // namespace

void add_trace(CLI::App& app, Action& action) {
    CLI::App* command =
        app.add_subcommand("trace", "what became of one record, from receipts and dead letters");
    auto arguments = std::make_shared<TraceArguments>();
    command->add_option("-c,--config", arguments->configs, "the agent's configuration; may be repeated")
        ->required()
        ->type_name("FILE|DIR");
    command->add_option("--id", arguments->question.id, "the entity's _id")->type_name("ID");
    command->add_option("--file", arguments->question.file, "the file it was read from")->type_name("FILE");
    add_number(*command, "--offset", arguments->question.offset, "of its first byte in that file (0)");
    command->add_flag("--json", arguments->json, "one JSON object on stdout");
    command->footer(
        "Exit codes: 0 there is a trace; 1 there is none; 2 bad command line or configuration.\n"
        "\n"
        "Examples:\n"
        "  aep-agent trace -c agent.yaml --id e-0000042\n"
        "  aep-agent trace -c agent.yaml --file /var/log/shop/a.json --offset 1234 --json");
    command->callback([&action, arguments] { action = [arguments] { return run_trace(*arguments); }; });
}

}  // namespace aep::app
