#include "app/usage_error.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "app/exit_code.hpp"
#include "app/standard_streams.hpp"
#include "base/suggest.hpp"
#include "base/version.hpp"

namespace aep::app {
namespace {

/// Commands of the design that this version does not have; looked at only where no command has that name.
constexpr std::array<std::string_view, 9> kLaterCommands{"map",    "eval",   "provision", "pull", "lookup",
                                                         "status", "import", "doctor",    "top"};

/// The subcommand that was being parsed, or the program itself.
const CLI::App& innermost(const CLI::App& app) {
    const auto parsed = app.get_subcommands();
    return parsed.empty() ? app : innermost(*parsed.front());
}

/// "aep-agent dead-letter ls"
std::string full_name(const CLI::App& command) {
    const CLI::App* parent = command.get_parent();
    return parent == nullptr ? "aep-agent" : full_name(*parent) + " " + command.get_name();
}

int depth(const CLI::App& command) {
    return command.get_parent() == nullptr ? 0 : depth(*command.get_parent()) + 1;
}

bool has_commands(const CLI::App& command) {
    return !command.get_subcommands([](const CLI::App*) { return true; }).empty();
}

std::vector<std::string> known_words(const CLI::App& app) {
    std::vector<std::string> words;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        words.push_back(command->get_name());
    }
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
    }
    return words;
}

/// What was probably meant by the first word that nothing of the command line matches.
std::string guess(const CLI::App& app, int argc, const char* const* argv) {
    const std::vector<std::string> words = known_words(app);
    for (int i = 1; i < argc; ++i) {
        const std::string_view word{argv[i]};
        const bool could_be = word.starts_with("--") || (has_commands(app) && !word.starts_with("-"));
        if (!could_be || app.get_name() == word) continue;
        const std::string bare{word.substr(0, word.find('='))};
        const std::string meant = base::nearest(bare, words);
        if (!meant.empty() && meant != bare) return fmt::format("; did you mean '{}'?", meant);
    }
    return "";
}

/// Of a word that is no command CLI11 says only that a command is required.
std::string what(const CLI::App& command, const CLI::ParseError& error, int argc, const char* const* argv) {
    const int own_words = depth(command) + 1;
    if (!has_commands(command) || argc <= own_words) return error.what();
    const std::string_view word{argv[own_words]};
    if (std::ranges::find(kLaterCommands, word) != kLaterCommands.end()) {
        return fmt::format("'{}' is not available in this version ({})", word, base::kVersion);
    }
    return fmt::format("there is no {} '{}'", word.starts_with('-') ? "option" : "command", word);
}

}  // namespace

int report(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        return app.exit(error, std::cout, std::cerr);  // --help
    }
    const CLI::App& command = innermost(app);
    const std::string name = full_name(command);
    say("{}: {}{}\nTry '{} --help'.\n", name, what(command, error, argc, argv), guess(command, argc, argv),
        name);
    return kExitUsage;
}

}  // namespace aep::app
