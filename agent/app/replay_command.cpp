#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "app/agent.hpp"
#include "app/agent_id.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/letter_filter.hpp"
#include "app/load_config.hpp"
#include "app/one_shot.hpp"
#include "app/rejected_file.hpp"
#include "app/replay_book.hpp"
#include "app/replay_source.hpp"
#include "app/signals.hpp"
#include "app/standard_streams.hpp"
#include "store/letter_directory.hpp"
#include "store/readable.hpp"
#include "telemetry/log.hpp"

namespace aep::app {
namespace {

namespace fs = std::filesystem;
namespace log = telemetry::log;

struct ReplayArguments {
    std::vector<std::string> files;
    std::vector<fs::path> configs;
    std::vector<std::string> where;
    fs::path rejected;
    base::Millis timeout{std::chrono::minutes{10}};
};

int fail(const std::string& message) {
    say("aep-agent replay: {}\n", message);
    return kExitUsage;
}

std::vector<fs::path> files_to_replay(const ReplayArguments& arguments, const config::Config& config) {
    if (arguments.files.empty()) return store::letter_files_in(config.dead_letter.dir);
    std::set<fs::path> named;
    for (const std::string& file : arguments.files) {
        std::error_code ignored;
        named.insert(fs::weakly_canonical(file, ignored));
    }
    return {named.begin(), named.end()};
}

/// One source for each way of the letters, and of the rest only what they need.
base::Result<> set_sources(config::Config& config, const ReplayBook& book) {
    std::vector<config::Source> sources;
    for (const ReplayBook::Way& way : book.ways()) {
        const bool is_known = std::ranges::any_of(
            config.streams, [&](const pipeline::StreamOptions& stream) { return stream.id == way.stream; });
        if (!is_known) {
            return base::Error{fmt::format(
                "{}: the configuration has no stream '{}'; add it, or leave its letters out: --where "
                "'stream!={}'",
                way.first_place, way.stream, way.stream)};
        }
        config::Source source;
        const auto original = std::ranges::find(config.sources, way.source,
                                                [](const config::Source& one) { return one.options.id; });
        if (!way.entities && original != config.sources.end()) source.codec = original->codec;
        source.entities = way.entities;
        source.options.id = way.id;
        source.options.stream = way.stream;
        source.options.follow = false;
        sources.push_back(std::move(source));
    }
    config.sources = std::move(sources);
    const auto is_used = [&](const std::string& stream) {
        return std::ranges::any_of(config.sources,
                                   [&](const auto& source) { return source.options.stream == stream; });
    };
    std::erase_if(config.streams, [&](const auto& stream) { return !is_used(stream.id); });
    // A flood of invalid records is what a replay may be made of: it holds nothing.
    for (auto& stream : config.streams) stream.invalid_limit.reset();
    std::erase_if(config.destinations, [&](const auto& destination) {
        return std::ranges::none_of(config.streams, [&](const auto& stream) {
            return stream.destination == destination.delivery.id;
        });
    });
    return {};
}

/// Says what is left out, and whether that is a reason to stop: a file that was named must be there.
bool report_left_out(const std::vector<fs::path>& left_out, bool named) {
    for (const fs::path& file : left_out) {
        say("aep-agent replay: {} is in use: an agent is writing to it (it is closed 5 s after its "
            "last letter), or another replay or purge is at work\n",
            file.string());
    }
    return named && !left_out.empty();
}

void report_faults(const ReplayBook& book) {
    for (const std::string& fault : book.faults()) say("aep-agent replay: {}\n", fault);
}

/// Saves how far it is; trouble is for the log, and for the next try.
SendProgress look(ReplayBook& book) {
    if (auto saved = book.save(); !saved) {
        log::warn("replay_progress_unsaved", "cannot write down what has been replayed, trying again",
                  {{"error", saved.error().message}});
    }
    const ReplayBook::Totals totals = book.totals();
    return {.settled_bytes = totals.settled_bytes, .total_bytes = totals.chosen_bytes};
}

void summarise(const record::RecordCounters::Values& totals, const ReplayBook::Totals& letters,
               const std::string& rejected_to, base::SteadyClock::duration elapsed) {
    say("aep-agent replay: replayed {} of {} dead letters in {:.1f} s: {} delivered, {} rejected again",
        letters.settled, letters.chosen, std::chrono::duration<double>(elapsed).count(), totals.delivered,
        totals.dead_lettered);
    if (totals.dead_lettered > 0) say(" (see {})", rejected_to);
    if (totals.dropped > 0) say(", {} dropped", totals.dropped);
    if (letters.broken > 0) say("; {} lines are no dead letters and stay", letters.broken);
    say("\n");
}

/// The last save, after nothing can be settled any more. False: what was sent may be sent again.
bool close_book(ReplayBook& book) {
    if (auto saved = book.save(); !saved) {
        say("aep-agent replay: cannot write down what was replayed, so the next replay sends it "
            "again: {}\n",
            saved.error().message);
        return false;
    }
    const auto moved = book.put_away();
    if (!moved) say("aep-agent replay: {}\n", moved.error().message);
    return moved.has_value();
}

int replay_all(ReplayBook& book, const config::Config& config, const ReplayArguments& arguments) {
    Signals signals;
    Agent::Options options;
    options.agent_id = config.agent.id.empty() ? one_shot_agent_id(config.agent.state_dir) : config.agent.id;
    if (!arguments.rejected.empty()) options.rejected_file = arguments.rejected;
    options.on_finished = [&signals] { signals.wake(); };
    options.make_source = [&book](const source::SourceOptions& source,
                                  const source::Surroundings& surroundings, std::function<void()> finished) {
        return base::ok<std::unique_ptr<source::Source>>(
            std::make_unique<ReplaySource>(book, source, surroundings, std::move(finished)));
    };
    auto agent = Agent::create(config, options);
    if (!agent) return fail(agent.error().message);

    OneShot replaying{signals, **agent, arguments.timeout, [&book] { return look(book); }};
    const OneShot::End end = replaying.run();
    const std::string why = replaying.why(end);
    const auto elapsed = replaying.elapsed();
    const auto unreadable = (*agent)->unreadable();
    const auto totals = (*agent)->totals();
    agent->reset();  // from here on nothing is settled
    log::flush();

    const std::string rejected_to =
        arguments.rejected.empty() ? config.dead_letter.dir.string() : arguments.rejected.string();
    summarise(totals, book.totals(), rejected_to, elapsed);
    const bool closed = close_book(book);
    if (end != OneShot::End::AllSettled) {
        say("aep-agent replay: {}; run it again to go on where it was\n", why);
        return kExitGaveUp;
    }
    if (!closed || unreadable > 0) return kExitGaveUp;
    return totals.dead_lettered > 0 || book.totals().broken > 0 ? kExitRejected : kExitOk;
}

int replay(const ReplayArguments& arguments) {
    auto config = load_config(arguments.configs, "replay", {.sources = config::Sources::Optional});
    if (!config) return kExitUsage;
    log::configure(config->telemetry.log);
    const auto filter = LetterFilter::parse(arguments.where);
    if (!filter) return fail(filter.error().message);
    if (arguments.files.empty()) {
        const auto readable = store::check_readable(config->dead_letter.dir);
        if (!readable) return fail(readable.error().message);
    }
    const std::vector<fs::path> files = files_to_replay(arguments, *config);
    if (!arguments.rejected.empty()) {
        const auto checked = check_rejected_file(arguments.rejected, files);
        if (!checked) return fail(checked.error().message);
    }
    std::vector<fs::path> left_out;
    auto book = ReplayBook::open(files, *filter, left_out);
    if (!book) return fail(book.error().message);
    if (report_left_out(left_out, !arguments.files.empty())) return kExitGaveUp;
    report_faults(**book);
    if (files.size() > ReplayBook::kMostFiles) {
        say("aep-agent replay: {} files are too many at once, these are the first {}\n", files.size(),
            ReplayBook::kMostFiles);
    }
    const ReplayBook::Totals letters = (*book)->totals();
    if (letters.chosen == 0) {
        say("aep-agent replay: nothing to replay in {} files\n", (*book)->files());
        if (!close_book(**book)) return kExitGaveUp;
        return letters.broken > 0 ? kExitRejected : kExitOk;
    }
    if (auto set = set_sources(*config, **book); !set) return fail(set.error().message);
    // The letters that are read make room only at their end: they must not stop those that are written.
    config->dead_letter.max_bytes += 2 * letters.chosen_bytes;
    return replay_all(**book, *config, arguments);
}

}  // namespace

void add_replay(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand("replay", "send dead letters again after a fix");
    auto arguments = std::make_shared<ReplayArguments>();
    command->add_option("FILE", arguments->files,
                        "files of dead letters (default: all closed ones of dead_letter.dir)");
    command->add_option("-c,--config", arguments->configs, "configuration file or directory; may be repeated")
        ->required()
        ->allow_extra_args(false)  // what follows is a FILE
        ->type_name("FILE|DIR");
    command
        ->add_option("--where", arguments->where,
                     "only letters for which this holds, such as code=refused; may be repeated")
        ->allow_extra_args(false)
        ->type_name("TERM");
    command
        ->add_option("--rejected", arguments->rejected,
                     "where letters go that are rejected again (default: dead_letter.dir)")
        ->type_name("FILE");
    add_timeout(*command, arguments->timeout);
    command->footer(
        "Records that failed before they were sent are read, mapped and checked again with the present "
        "configuration;\n"
        "entities that the inlet refused are only wrapped again. Ids stay as they were. May run beside the "
        "daemon: the\n"
        "file that it is writing is left out. A file whose letters are all through moves to `replayed/`; "
        "what was sent\n"
        "is kept in FILE.done, so that an interrupted replay goes on where it was.\n"
        "\n"
        "Exit codes: 0 all settled; 1 some were rejected again; 2 bad command line or configuration; 3 gave "
        "up.\n"
        "\n"
        "Examples:\n"
        "  aep-agent replay -c /etc/aep-agent\n"
        "  aep-agent replay -c agent.yaml --where code=timestamp_missing --where 'time>=2026-01-31'\n"
        "  aep-agent replay -c agent.yaml rejected-2026-01-31T12:00:00.123Z.ndjson");
    command->callback([&action, arguments] { action = [arguments] { return replay(*arguments); }; });
}

}  // namespace aep::app
