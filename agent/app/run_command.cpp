#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/agent.hpp"
#include "app/agent_id.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/load_config.hpp"
#include "app/signals.hpp"
#include "app/standard_streams.hpp"
#include "app/supervision.hpp"
#include "base/duration.hpp"
#include "store/state_lock.hpp"
#include "telemetry/log.hpp"
#include "telemetry/server.hpp"

namespace aep::app {
namespace {

namespace log = telemetry::log;
using std::chrono::milliseconds;

/// How often a wait looks up: signals and finished sources end it at once.
constexpr milliseconds kLookUp{1000};
/// The same within a drain, which only a signal can cut short.
constexpr milliseconds kDrainStep{100};
/// How long the last commit of positions may take: a disk that is full does not keep the process.
constexpr milliseconds kLastCommit{2000};

/// Before the first log line errors are for who started it; a log of JSON stays one.
int not_started(const base::Error& error, const telemetry::LogOptions& options) {
    if (options.format == telemetry::LogOptions::Format::Json) {
        log::error("not_started", error.message);
    } else {
        say("aep-agent run: {}\n", error.message);
    }
    return kExitUsage;
}

void log_warnings(const config::LoadOutcome& outcome) {
    for (const config::Problem& warning : outcome.warnings) {
        log::warn("config_doubtful", "works, but is probably not meant", {{"problem", warning.to_string()}});
    }
}

/// Until a signal asks to stop (true) or every source has reached its end (false).
bool wait_for_end(Signals& signals, const Agent& agent, const std::function<void()>& reload) {
    while (!agent.sources_finished()) {
        const auto signal = signals.wait(kLookUp);
        if (signal == SIGHUP) {
            reload();
        } else if (signal) {
            log::info("stopping", "draining", {{"signal", *signal}});
            return true;
        }
    }
    return false;
}

/// What SIGHUP asks for, for the `number`th time. Whatever is wrong with the new configuration, the old one
/// runs on.
void reload(const std::vector<std::filesystem::path>& paths, Agent& agent, unsigned number) {
    const auto began = base::SteadyClock::now();
    const config::LoadOutcome outcome = config::load(paths);
    log_warnings(outcome);
    for (const config::Problem& problem : outcome.problems) {
        log::error("config_invalid", "the configuration has an error", {{"problem", problem.to_string()}});
    }
    const auto changed = outcome.config ? agent.reload(*outcome.config)
                                        : base::Result<std::string>{boost::system::in_place_error,
                                                                    "the configuration has errors"};
    agent.count_reload(changed.has_value());
    if (!changed) {
        log::error("reload_refused", "the old configuration runs on, nothing has changed",
                   {{"reload", number}, {"reason", changed.error().message}});
        return;
    }
    log::configure(outcome.config->telemetry.log);
    const auto took = std::chrono::ceil<base::Millis>(base::SteadyClock::now() - began);
    log::info("reloaded", "the new configuration is in force",
              {{"reload", number}, {"changes", *changed}, {"took", base::format_duration(took)}});
}

/// Waits for what is on its way: when sources have ended, for as long as it takes; after a signal, up to
/// `timeout`. A (further) signal ends it at once. True: nothing is left that is not on disk.
bool drain(Signals& signals, Agent& agent, bool stopping, milliseconds timeout) {
    // What is on disk need not be waited for: after a signal not at all, at the end of all sources not longer
    // than `timeout`.
    if (stopping) agent.leave_buffered();
    bool bounded = stopping || agent.has_disk_buffer();
    auto deadline = base::SteadyClock::now() + timeout;
    while (!agent.drain(kDrainStep)) {
        const auto signal = signals.wait(milliseconds{0});
        if (signal && *signal != SIGHUP) {
            if (stopping) return false;
            stopping = true;
            bounded = true;
            agent.leave_buffered();
            deadline = base::SteadyClock::now() + timeout;
        }
        if (!bounded || base::SteadyClock::now() < deadline) continue;
        if (stopping || !agent.has_disk_buffer()) return false;
        stopping = true;  // the rest goes to the disk and stays there
        agent.leave_buffered();
        deadline = base::SteadyClock::now() + timeout;
    }
    return true;
}

bool only_stdin(const config::Config& config) {
    return std::ranges::all_of(config.sources, [](const config::Source& source) {
        return source.options.type == source::SourceOptions::Type::Stdin;
    });
}

int conclude(const Agent& agent) {
    const auto totals = agent.totals();
    const std::string sums = fmt::format("read {}, delivered {}, dead-lettered {}, dropped {}", totals.read,
                                         totals.delivered, totals.dead_lettered, totals.dropped);
    const std::uint64_t again = std::min(agent.durable(), totals.in_flight);
    const std::string rest =
        again == 0 ? "" : fmt::format(", not settled {}: the next start takes them up again", again);
    if (totals.in_flight > again) {
        log::error("records_abandoned",
                   fmt::format("{}, abandoned {}{}", sums, totals.in_flight - again, rest));
        return kExitGaveUp;
    }
    log::info("stopped", sums + rest);
    if (agent.unreadable() > 0) return kExitGaveUp;
    return only_stdin(agent.config()) && totals.dead_lettered > 0 ? kExitRejected : kExitOk;
}

int run(const std::vector<std::filesystem::path>& paths) {
    config::LoadOutcome outcome = config::load(paths);
    if (outcome.config) {
        log::configure(outcome.config->telemetry.log);
        log_warnings(outcome);
        outcome.warnings.clear();
    }
    const auto config = report_outcome(std::move(outcome), "run");
    if (!config) return kExitUsage;
    const auto fail = [&config](const base::Error& error) {
        return not_started(error, config->telemetry.log);
    };
    Signals signals;

    const auto lock = store::StateLock::take(config->agent.state_dir);
    if (!lock) return fail(lock.error());
    Agent::Options options;
    options.state_dir = config->agent.state_dir;
    options.agent_id = config->agent.id;
    if (options.agent_id.empty()) {
        auto id = load_or_make_agent_id(config->agent.state_dir);
        if (!id) return fail(id.error());
        options.agent_id = *id;
    }
    options.on_finished = [&signals] { signals.wake(); };
    auto agent = Agent::create(*config, options);
    if (!agent) return fail(agent.error());

    std::unique_ptr<telemetry::Server> server;
    if (!config->telemetry.listen.empty()) {
        auto started =
            telemetry::Server::start(config->telemetry.listen, (*agent)->metrics(), (*agent)->health());
        if (!started) return fail(started.error());
        server = std::move(*started);
    }
    (*agent)->start();
    log::info("started", "running", {{"sources", config->sources.size()}, {"agent_id", options.agent_id}});

    Supervision supervision{**agent, *config};
    unsigned reloads = 0;
    const bool stopping = wait_for_end(signals, **agent, [&] {
        supervision.reloading();
        reload(paths, **agent, ++reloads);
        supervision.reloaded((*agent)->config());
    });
    supervision.stopping();
    (*agent)->stop_reading();
    (void)drain(signals, **agent, stopping, (*agent)->config().agent.shutdown_timeout);
    (void)(*agent)->commit_positions(kLastCommit);  // where it cannot, the log says why
    log::flush();                                   // first, because the sums are the last line
    return conclude(**agent);
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
    CLI::App* command =
        app.add_subcommand("run", "the daemon: read, shape, prove and deliver until told to stop");
    auto paths = std::make_shared<std::vector<std::filesystem::path>>();
    command
        ->add_option("-c,--config", *paths, "configuration file, or a directory with *.yaml; may be repeated")
        ->required()
        ->type_name("FILE|DIR");
    command->footer(
        "SIGHUP reads the configuration again and takes it over, or says why not and goes on with the old "
        "one\n"
        "(config/REFERENCE.md, Reload).\n"
        "SIGTERM and SIGINT drain: what was read is delivered, for up to agent.shutdown_timeout; a second "
        "one leaves\n"
        "at once. What is not delivered by then is read again by the next start, which goes on where this "
        "one\n"
        "stopped (aep-agent positions list); exit code 3 says that records of stdin had to be abandoned.\n"
        "When stdin is the only source, its end does the same and waits for delivery.\n"
        "\n"
        "Examples:\n"
        "  aep-agent run -c /etc/aep-agent\n"
        "  my-app | aep-agent run -c pipe.yaml");
    command->callback([&action, paths] { action = [paths] { return run(*paths); }; });
}

}  // namespace aep::app
