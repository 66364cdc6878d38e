#pragma once

#include "app/commands.hpp"

namespace aep::app {

/// Says on stderr what is wrong with the command line and what to do, with a guess at misspelt commands and
/// options; or prints the help that was asked for on stdout. Returns the exit code.
int report(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv);

}  // namespace aep::app
