#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/load_config.hpp"
#include "app/position_lines.hpp"
#include "app/standard_streams.hpp"
#include "base/random.hpp"
#include "store/position_tool.hpp"
#include "store/state_lock.hpp"

namespace aep::app {
namespace {

namespace fs = std::filesystem;
using record::FileMark;

struct PositionsArguments {
    std::vector<fs::path> files;
    bool json = false;
    std::string source;
    fs::path file;
    std::uint64_t offset = 0;
    fs::path from = "-";
};

int fail(const std::string& message) {
    say("aep-agent positions: {}\n", message);
    return kExitUsage;
}

/// The state_dir of a configuration, whose problems are reported.
std::optional<fs::path> state_dir(const PositionsArguments& arguments) {
    const auto config = load_config(arguments.files, "positions");
    if (!config) return std::nullopt;
    return config->agent.state_dir;
}

void report_damaged(const std::vector<FileMark>& damaged) {
    for (const FileMark& mark : damaged) {
        say("warning: a position of source '{}' is damaged (file {}): the next start reads that file "
            "from its beginning\n",
            mark.source, mark.path.empty() ? "unknown" : mark.path);
    }
}

int list(const PositionsArguments& arguments, bool as_lines) {
    const auto where = state_dir(arguments);
    if (!where) return kExitUsage;
    const auto listed = store::read_marks(*where);
    if (!listed) return fail(listed.error().message);
    report_damaged(listed->damaged);
    if (as_lines) {
        for (const FileMark& mark : listed->marks) fmt::print("{}\n", to_line(mark));
    } else if (listed->marks.empty()) {
        say("no positions in {} yet: `aep-agent run` makes them\n", where->string());
    } else {
        fmt::print("{}", to_table(listed->marks));
    }
    return kExitOk;
}

/// Of the marks with this name that of the file which has it now, else the one seen last.
FileMark* find(std::vector<FileMark>& marks, const std::string& source, const fs::path& file) {
    FileMark* best = nullptr;
    for (FileMark& mark : marks) {
        if (mark.source != source || fs::path{mark.path}.lexically_normal() != file) continue;
        if (size_of(mark)) return &mark;
        if (best == nullptr || best->last_seen < mark.last_seen) best = &mark;
    }
    return best;
}

/// A mark for a file that the agent has not met yet.
base::Result<FileMark> new_mark(const std::string& source, const fs::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) {
        return base::system_error("no position of " + file.string() + " is known, and the file", errno);
    }
    FileMark mark;
    mark.source = source;
    mark.generation = base::random_hex128();
    mark.path = file.string();
    mark.device = status.st_dev;
    mark.inode = status.st_ino;
    mark.last_seen = base::WallClock::now();
    return base::ok(std::move(mark));
}

bool begins_a_line(const fs::path& file, std::uint64_t offset) {
    if (offset == 0) return true;
    std::ifstream in{file, std::ios::binary};
    in.seekg(static_cast<std::streamoff>(offset - 1));
    return in.get() == '\n';
}

int set_in(const fs::path& where, const PositionsArguments& arguments, const fs::path& file) {
    const auto lock = store::StateLock::take(where);
    if (!lock) return fail(lock.error().message);
    auto listed = store::read_marks(where);
    if (!listed) return fail(listed.error().message);
    const FileMark* known = find(listed->marks, arguments.source, file);
    base::Result<FileMark> mark = known != nullptr ? base::ok(*known) : new_mark(arguments.source, file);
    if (!mark) return fail(mark.error().message);
    const auto size = size_of(*mark);
    if (size && arguments.offset > *size) {
        return fail(fmt::format("--offset {} is behind the end of {} ({} bytes)", arguments.offset,
                                file.string(), *size));
    }
    const std::uint64_t before = std::exchange(mark->position, arguments.offset);
    mark->finished = false;
    mark->tail = {};  // the next start looks what is there
    if (const auto written = store::write_marks(where, {&*mark, 1}); !written) {
        return fail(written.error().message);
    }
    if (size && !begins_a_line(file, arguments.offset)) {
        say("warning: no line begins at offset {}: the first record read may be a part of one\n",
            arguments.offset);
    }
    say("{}: {}, was {}\n", file.string(), arguments.offset, before);
    return kExitOk;
}

int set(const PositionsArguments& arguments) {
    const auto config = load_config(arguments.files, "positions");
    if (!config) return kExitUsage;
    const auto source = std::ranges::find(config->sources, arguments.source,
                                          [](const config::Source& one) { return one.options.id; });
    if (source == config->sources.end()) {
        return fail(fmt::format("--source: the configuration has no source '{}'", arguments.source));
    }
    if (source->options.type != source::SourceOptions::Type::File) {
        return fail(fmt::format("--source: only sources of type file have positions, '{}' is another",
                                arguments.source));
    }
    return set_in(config->agent.state_dir, arguments, fs::absolute(arguments.file).lexically_normal());
}

base::Result<std::vector<FileMark>> read_lines(std::istream& in) {
    std::vector<FileMark> marks;
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.empty()) continue;
        auto mark = parse_line(line);
        if (!mark) return base::Error{fmt::format("line {} {}", number, mark.error().message)};
        marks.push_back(std::move(*mark));
    }
    if (in.bad()) return base::Error{"cannot be read to its end"};
    return base::ok(std::move(marks));
}

int import(const PositionsArguments& arguments) {
    const auto where = state_dir(arguments);
    if (!where) return kExitUsage;
    std::ifstream file;
    if (arguments.from != "-") {
        std::error_code ignored;
        if (fs::is_directory(arguments.from, ignored)) {
            return fail(arguments.from.string() + " is a directory; name what `positions export` wrote");
        }
        file.open(arguments.from);
        if (!file) return fail(base::system_error(arguments.from.string(), errno).message);
    }
    const auto marks = read_lines(arguments.from == "-" ? std::cin : file);
    if (!marks) return fail(arguments.from.string() + ": " + marks.error().message);
    const auto lock = store::StateLock::take(*where);
    if (!lock) return fail(lock.error().message);
    if (const auto written = store::write_marks(*where, *marks); !written) {
        return fail(written.error().message);
    }
    say("{} positions imported\n", marks->size());
    return kExitOk;
}

}  // namespace

void add_positions(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand("positions", "how far the agent is in each file");
    command->require_subcommand(1);
    command->footer(
        "list and export show the last commit and work beside a running agent; set and import need it "
        "stopped.\n"
        "\n"
        "Examples:\n"
        "  aep-agent positions list -c agent.yaml\n"
        "  aep-agent positions set -c agent.yaml --source web --file /var/log/shop/a.json --offset 0\n"
        "  aep-agent positions export -c agent.yaml > positions.ndjson\n"
        "  aep-agent positions import -c agent.yaml positions.ndjson\n"
        "\n"
        "Exit codes: 0 done, 2 could not (the reason is on stderr).\n");
    // Shared by CLI11, which fills it while parsing, and the actions, which read it afterwards.
    const auto arguments = std::make_shared<PositionsArguments>();
    const auto add = [&](const char* name, const char* help, int (*run)(const PositionsArguments&)) {
        CLI::App* verb = command->add_subcommand(name, help);
        verb->add_option("-c,--config", arguments->files,
                         "A configuration file, or a directory of them; repeats")
            ->required()
            ->allow_extra_args(false)
            ->type_name("FILE|DIR");
        verb->callback([&action, arguments, run] { action = [arguments, run] { return run(*arguments); }; });
        return verb;
    };
    CLI::App* listing = add("list", "a table of all files: position, size, lag, when last seen",
                            [](const PositionsArguments& given) { return list(given, given.json); });
    listing->add_flag("--json", arguments->json, "One JSON object a line instead");
    CLI::App* setting = add("set", "begin somewhere else in one file", set);
    setting->add_option("--source", arguments->source, "Its source in the configuration")
        ->required()
        ->type_name("ID");
    setting->add_option("--file", arguments->file, "The file")->required()->type_name("FILE");
    add_number(*setting, "--offset", arguments->offset, "Where the next start goes on, in bytes")
        ->required()
        ->type_name("BYTES");
    add("export", "all positions as JSON, one a line",
        [](const PositionsArguments& given) { return list(given, true); });
    CLI::App* importing = add("import", "take over what export wrote", import);
    importing->add_option("file", arguments->from, "What export wrote; - reads standard input")
        ->type_name("FILE");
}

}  // namespace aep::app
