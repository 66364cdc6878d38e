#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/letter_filter.hpp"
#include "app/letter_report.hpp"
#include "app/load_config.hpp"
#include "app/standard_streams.hpp"
#include "base/bytes.hpp"
#include "store/letter_directory.hpp"
#include "store/purge_letters.hpp"
#include "store/readable.hpp"

namespace aep::app {
namespace {

namespace fs = std::filesystem;

struct LetterArguments {
    std::vector<fs::path> configs;
    fs::path dir;
    std::vector<std::string> where;
    bool json = false;
    std::size_t limit = std::numeric_limits<std::size_t>::max();
    bool all = false;
    bool dry_run = false;
    bool yes = false;
};

int fail(const char* command, const std::string& message) {
    say("aep-agent dead-letter {}: {}\n", command, message);
    return kExitUsage;
}

/// What all three work on.
struct Chosen {
    fs::path dir;
    std::vector<fs::path> files;
    LetterFilter filter;
};

std::optional<Chosen> choose(const char* command, const LetterArguments& arguments) {
    const auto filter = LetterFilter::parse(arguments.where);
    if (!filter) return fail(command, filter.error().message), std::nullopt;
    Chosen chosen{.dir = arguments.dir, .files = {}, .filter = *filter};
    if (!arguments.configs.empty()) {
        const auto config = load_config(arguments.configs, fmt::format("dead-letter {}", command),
                                        {.sources = config::Sources::Optional});
        if (!config) return std::nullopt;
        if (chosen.dir.empty()) chosen.dir = config->dead_letter.dir;
    }
    if (chosen.dir.empty()) return fail(command, "of which agent? give -c FILE or --dir DIR"), std::nullopt;
    std::error_code error;
    if (!arguments.dir.empty() && !fs::is_directory(chosen.dir, error)) {
        return fail(command, chosen.dir.string() + " is no directory; name the one of dead_letter.dir"),
               std::nullopt;
    }
    if (const auto readable = store::check_readable(chosen.dir); !readable) {
        return fail(command, readable.error().message), std::nullopt;
    }
    chosen.files = store::letter_files_in(chosen.dir);
    return chosen;
}

/// Lines that are no letters are said, and make the exit code 1: nobody should believe that they are not
/// there.
int say_faults(const char* command, const LetterReport& report) {
    for (const std::string& fault : report.faults) {
        say("aep-agent dead-letter {}: {}\n", command, fault);
    }
    return report.faults.empty() ? kExitOk : kExitRejected;
}

int ls(const LetterArguments& arguments) {
    const auto chosen = choose("ls", arguments);
    if (!chosen) return kExitUsage;
    const LetterReport report = read_letters(chosen->files, chosen->filter);
    fmt::print("{}", arguments.json ? to_json(report) : to_table(report));
    return say_faults("ls", report);
}

int show(const LetterArguments& arguments) {
    const auto chosen = choose("show", arguments);
    if (!chosen) return kExitUsage;
    std::size_t left = arguments.limit;
    const LetterReport report =
        read_letters(chosen->files, chosen->filter, [&](const auto& letter, std::string_view line) {
            if (left == 0) return;
            --left;
            fmt::print("{}", arguments.json ? std::string{line} + '\n' : to_text(letter));
        });
    return say_faults("show", report);
}

struct Pass {
    store::Purged sum;          ///< what went, or would go
    std::uint64_t strange = 0;  ///< lines that are no letters, in files that no agent has written: they stay
    bool failed = false;
};

/// In a file of another name a line that is no letter is somebody else's: `--dir` may name a wrong directory.
bool is_written_by_an_agent(const fs::path& file) {
    return file.filename().string().starts_with("dead-letter-");
}

/// One pass over the files.
Pass purge_files(const Chosen& chosen, bool dry_run) {
    Pass pass;
    for (const fs::path& file : chosen.files) {
        const bool is_own = is_written_by_an_agent(file);
        std::uint64_t strange = 0;
        const auto goes = [&](const store::StoredLetter* letter) {
            if (letter != nullptr) return chosen.filter.matches(*letter);
            if (!is_own) ++strange;
            return is_own && chosen.filter.chooses_all();
        };
        const auto purged = store::purge_letters(file, goes, dry_run);
        if (purged) {
            pass.sum.letters += purged->letters;
            pass.sum.bytes += purged->bytes;
            pass.strange += strange;
        } else if (purged.error().code == boost::system::errc::resource_unavailable_try_again) {
            say("aep-agent dead-letter purge: {} is in use and stays as it is\n", file.string());
        } else {
            say("aep-agent dead-letter purge: {}\n", purged.error().message);
            pass.failed = true;
        }
    }
    return pass;
}

int conclude(const Pass& pass) {
    if (pass.strange > 0) {
        say("aep-agent dead-letter purge: {} lines are no dead letters and stay: is it the right "
            "directory?\n",
            pass.strange);
    }
    if (pass.failed) return kExitGaveUp;
    return pass.strange > 0 ? kExitRejected : kExitOk;
}

bool confirmed(const store::Purged& would_go) {
    say("Remove {} dead letters ({}) for good? [y/N] ", would_go.letters, base::human_bytes(would_go.bytes));
    std::string answer;
    return static_cast<bool>(std::getline(std::cin, answer)) && (answer == "y" || answer == "yes");
}

int purge(const LetterArguments& arguments) {
    if (arguments.where.empty() != arguments.all) {
        return fail("purge",
                    "which letters? choose with --where TERM or take all of them with --all, not both");
    }
    const auto chosen = choose("purge", arguments);
    if (!chosen) return kExitUsage;
    if (!arguments.yes) {
        if (!arguments.dry_run && ::isatty(STDIN_FILENO) != 1) {
            return fail("purge", "letters go for good: look with --dry-run first, then add --yes");
        }
        const Pass would = purge_files(*chosen, true);
        if (arguments.dry_run || would.sum.letters == 0 || !confirmed(would.sum)) {
            say("aep-agent dead-letter purge: would remove {} dead letters ({}), removed none\n",
                would.sum.letters, base::human_bytes(would.sum.bytes));
            return conclude(would);
        }
    }
    const Pass done = purge_files(*chosen, false);
    say("aep-agent dead-letter purge: removed {} dead letters ({})\n", done.sum.letters,
        base::human_bytes(done.sum.bytes));
    return conclude(done);
}

using ArgumentsPtr = std::shared_ptr<LetterArguments>;

CLI::App* add_one(CLI::App& parent, const char* name, const char* help, const ArgumentsPtr& arguments) {
    CLI::App* command = parent.add_subcommand(name, help);
    CLI::Option* config =
        command
            ->add_option("-c,--config", arguments->configs,
                         "the agent's configuration, which names dead_letter.dir; may be repeated")
            ->type_name("FILE|DIR");
    command->add_option("--dir", arguments->dir, "the directory itself, in place of -c")
        ->type_name("DIR")
        ->excludes(config);
    command
        ->add_option("--where", arguments->where,
                     "only letters for which this holds, such as code=refused; may be repeated")
        ->type_name("TERM");
    command->footer("TERM is FIELD=VALUE, or !=, <, <=, >, >= or ~ (contains) in place of =.\nFields: " +
                    LetterFilter::fields() +
                    ".\n\nExamples:\n  aep-agent dead-letter ls -c agent.yaml\n"
                    "  aep-agent dead-letter show --dir /var/lib/aep-agent/dead-letter --where code=refused\n"
                    "  aep-agent dead-letter show -c agent.yaml --where 'time>=2026-01-31' --json\n"
                    "  aep-agent dead-letter purge -c agent.yaml --where 'time<2026-01-31' --dry-run");
    return command;
}

}  // namespace

void add_dead_letter(CLI::App& app, Action& action) {
    CLI::App* command =
        app.add_subcommand("dead-letter", "look into the dead letters, and remove those that are done with");
    command->require_subcommand(1);
    command->footer(
        "Examples:\n"
        "  aep-agent dead-letter ls -c agent.yaml\n"
        "  aep-agent dead-letter show -c agent.yaml --where code=refused\n"
        "  aep-agent dead-letter purge -c agent.yaml --where 'time<2026-01-31' --dry-run\n"
        "\n"
        "aep-agent dead-letter COMMAND --help tells more of each.\n"
        "Exit codes: 0 done; 1 some lines are no dead letters; 2 bad command line or configuration; 3 some "
        "files could not be "
        "changed.");
    const auto arguments = std::make_shared<LetterArguments>();
    CLI::App* list = add_one(*command, "ls", "how many there are, why, and in which files", arguments);
    list->add_flag("--json", arguments->json, "one JSON object on stdout");
    list->callback([&action, arguments] { action = [arguments] { return ls(*arguments); }; });
    CLI::App* details = add_one(*command, "show", "each letter with its reason and content", arguments);
    details->add_flag("--json", arguments->json, "the letters' own lines, as NDJSON");
    add_number(*details, "--limit", arguments->limit, "so many letters at most");
    details->callback([&action, arguments] { action = [arguments] { return show(*arguments); }; });
    CLI::App* remove =
        add_one(*command, "purge", "remove letters for good; files in use stay as they are", arguments);
    remove->add_flag("--all", arguments->all, "all letters, in place of --where");
    remove->add_flag("--dry-run", arguments->dry_run, "only say how many would go");
    remove->add_flag("--yes", arguments->yes, "do not ask; needed where stdin is no terminal");
    remove->callback([&action, arguments] { action = [arguments] { return purge(*arguments); }; });
}

}  // namespace aep::app
