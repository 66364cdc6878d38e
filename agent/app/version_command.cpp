#include <fmt/core.h>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "base/version.hpp"

namespace aep::app {

void add_version(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand("version", "print the version");
    command->callback([&action] {
        action = [] {
            fmt::print("aep-agent {}\n", base::kVersion);
            return kExitOk;
        };
    });
}

}  // namespace aep::app
