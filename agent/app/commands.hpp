#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "base/duration.hpp"

/// The subcommands, one file each (app/NAME_command.cpp). Each adds itself to `app` and, when it is the one
/// that was called, sets `action`; main runs it after parsing and exits with what it returns.
namespace aep::app {

using Action = std::function<int()>;

void add_run(CLI::App& app, Action& action);
void add_check(CLI::App& app, Action& action);
void add_validate(CLI::App& app, Action& action);
void add_schema(CLI::App& app, Action& action);
void add_send(CLI::App& app, Action& action);
void add_positions(CLI::App& app, Action& action);
void add_buffer(CLI::App& app, Action& action);
void add_inlet(CLI::App& app, Action& action);
void add_demo(CLI::App& app, Action& action);
void add_version(CLI::App& app, Action& action);

void add_dead_letter(CLI::App& app, Action& action);
void add_replay(CLI::App& app, Action& action);
void add_healthcheck(CLI::App& app, Action& action);
void add_trace(CLI::App& app, Action& action);

/// The option --timeout of one-shot commands. `timeout` outlives the parsing.
void add_timeout(CLI::App& command, base::Millis& timeout);

/// An option that takes a whole number; CLI11's own takes -1 for a very large one. `into` outlives the
/// parsing.
CLI::Option* add_number(CLI::App& command, const std::string& name, std::uint64_t& into,
                        const std::string& help);

}  // namespace aep::app
