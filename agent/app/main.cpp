#include <cstdio>
#include <exception>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/standard_streams.hpp"
#include "app/usage_error.hpp"

namespace {

int run(int argc, char** argv) {
    CLI::App app{"Streams records into Adobe Experience Platform.", "aep-agent"};
    app.require_subcommand(1);
    app.footer(
        "Examples:\n"
        "  aep-agent demo                              see it work, nothing else needed\n"
        "  aep-agent check -c agent.yaml               is my configuration right?\n"
        "  aep-agent run -c agent.yaml                 the daemon\n"
        "  zcat old.json.gz | aep-agent send - -c agent.yaml\n"
        "\n"
        "aep-agent COMMAND --help tells more of each.\n"
        "Exit codes: 0 all settled; 1 some records were rejected; 2 bad command line or configuration;\n"
        "3 gave up, abandoned records, or could not read or write all; 70 internal error.");
    aep::app::Action action;
    aep::app::add_dead_letter(app, action);
    aep::app::add_replay(app, action);
    aep::app::add_healthcheck(app, action);
    aep::app::add_trace(app, action);
    aep::app::add_run(app, action);
    aep::app::add_check(app, action);
    aep::app::add_send(app, action);
    aep::app::add_validate(app, action);
    aep::app::add_schema(app, action);
    aep::app::add_positions(app, action);
    aep::app::add_buffer(app, action);
    aep::app::add_inlet(app, action);
    aep::app::add_demo(app, action);
    aep::app::add_version(app, action);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return aep::app::report(app, error, argc, argv);
    }
    return action ? action() : aep::app::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace aep::app;
    occupy_closed_streams();
    try {
        const int code = run(argc, argv);
        return finish_stdout() ? code : kExitGaveUp;
    } catch (const std::exception& error) {
        if (!finish_stdout()) return kExitGaveUp;  // fmt throws where it cannot write
        say("aep-agent: internal error: {}; please report this\n", error.what());
    } catch (...) {
        say("aep-agent: internal error; please report this\n");
    }
    return kExitInternal;
}
