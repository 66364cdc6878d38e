#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "app/agent.hpp"
#include "app/agent_id.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/load_config.hpp"
#include "app/one_shot.hpp"
#include "app/rejected_file.hpp"
#include "app/signals.hpp"
#include "app/standard_streams.hpp"
#include "base/bytes.hpp"
#include "base/duration.hpp"
#include "config/from_flags.hpp"
#include "telemetry/log.hpp"

namespace aep::app {
namespace {

namespace fs = std::filesystem;
namespace log = telemetry::log;

struct SendOptions {
    std::vector<std::string> files;
    std::vector<fs::path> configs;
    config::Flags flags;
    std::string stream;
    std::string codec;
    fs::path rejected;
    base::Millis timeout{std::chrono::minutes{10}};
};

int fail(const std::string& message) {
    say("aep-agent send: {}\n", message);
    return kExitUsage;
}

// --- what to send, and where
// --------------------------------------------------------------------------------------

/// The stream that was asked for, or the only one.
base::Result<std::string> choose_stream(const config::Config& config, const std::string& asked) {
    std::string known;
    for (const auto& stream : config.streams) {
        if (stream.id == asked) return base::ok(asked);
        known += (known.empty() ? "" : ", ") + stream.id;
    }
    if (!asked.empty())
        return base::Error{fmt::format("there is no stream '{}'; there are: {}", asked, known)};
    if (config.streams.size() == 1) return base::ok(config.streams.front().id);
    return base::Error{fmt::format("which stream? choose with --stream: {}", known)};
}

/// The codec that was asked for, else that of a source which feeds the stream, else ndjson.
codec::CodecOptions choose_codec(const config::Config& config, const std::string& stream,
                                 const std::string& asked) {
    if (asked == "json") return {.type = codec::CodecOptions::Type::Json};
    if (asked == "ndjson") return {};
    for (const config::Source& source : config.sources) {
        if (source.options.stream == stream) return source.codec;
    }
    return {};
}

std::size_t max_record_of(const config::Config& config, const std::string& stream) {
    for (const config::Source& source : config.sources) {
        if (source.options.stream == stream) return source.options.max_record;
    }
    return source::SourceOptions{}.max_record;
}

/// A mistake that would dead-letter every line is said before the first is sent.
base::Result<void> check_file(const fs::path& file, const codec::CodecOptions& codec) {
    std::error_code ignored;
    if (fs::exists(file, ignored) && !fs::is_regular_file(file, ignored)) {
        return base::Error{
            fmt::format("{0} is not a regular file: cat {0} | aep-agent send - ...", file.string())};
    }
    std::ifstream in{file, std::ios::binary};
    if (!in) return base::Error{fmt::format("{} cannot be read; name a file, or - for stdin", file.string())};
    const auto first = static_cast<unsigned char>((in >> std::ws).peek());
    constexpr unsigned char kGzip = 0x1F;
    if (first == kGzip) {
        return base::Error{fmt::format("{0} is compressed: zcat {0} | aep-agent send - ...", file.string())};
    }
    if (first == '[' && codec.type == codec::CodecOptions::Type::Ndjson) {
        return base::Error{
            fmt::format("{} holds a JSON array, not one record a line: add --codec json", file.string())};
    }
    return {};
}

/// Replaces the configuration's sources by the one that reads what is to be sent.
base::Result<void> set_source(config::Config& config, const SendOptions& options) {
    auto stream = choose_stream(config, options.stream);
    if (!stream) return stream.error();
    config::Source source;
    source.codec = choose_codec(config, *stream, options.codec);
    source.options.id = "send";
    source.options.stream = *stream;
    source.options.max_record = max_record_of(config, *stream);
    source.options.framing = source.codec.type == codec::CodecOptions::Type::Json ? source::Framing::Json
                                                                                  : source::Framing::Newline;
    source.options.gather = base::Millis{0};
    if (options.files.empty() || options.files == std::vector<std::string>{"-"}) {
        source.options.type = source::SourceOptions::Type::Stdin;
    } else {
        source.options.type = source::SourceOptions::Type::File;
        source.options.follow = false;
        source.options.start_at = source::SourceOptions::StartAt::Beginning;
        for (const std::string& file : options.files) {
            if (file == "-") return base::Error{"name either files or -, not both"};
            if (auto checked = check_file(file, source.codec); !checked) return checked;
            source.options.include.push_back(fs::absolute(file).string());
        }
    }
    // Only what the stream needs: other destinations would be connected to for nothing.
    const std::string destination = config.stream(*stream).destination;
    std::erase_if(config.streams, [&](const auto& other) { return other.id != *stream; });
    std::erase_if(config.destinations, [&](const auto& other) { return other.delivery.id != destination; });
    config.sources = {source};
    config.receipts.reset();  // they are the daemon's
    return {};
}

std::optional<config::Config> load(const SendOptions& options) {
    if (!options.configs.empty())
        return load_config(options.configs, "send", {.sources = config::Sources::Optional});
    return report_outcome(config::from_flags(options.flags), "send");
}

// --- sending
// ------------------------------------------------------------------------------------------------------

SendProgress progress_of(const Agent& agent) {
    SendProgress now;
    for (const auto& reader : agent.progress()) {
        now.settled_bytes += reader.settled;
        now.total_bytes += reader.size;
    }
    return now;
}

int conclude(OneShot::End end, const OneShot& sending, const Agent& agent, const SendOptions& options) {
    const auto totals = agent.totals();
    const double seconds = std::max(std::chrono::duration<double>(sending.elapsed()).count(), 1e-3);
    say("aep-agent send: read {} records in {:.1f} s ({:.0f}/s): {} delivered, {} dead-lettered", totals.read,
        seconds, static_cast<double>(totals.settled()) / seconds, totals.delivered, totals.dead_lettered);
    if (totals.dropped > 0) say(", {} dropped", totals.dropped);
    if (totals.dead_lettered > 0) say(" (see {})", options.rejected.string());
    say("\n");
    if (end != OneShot::End::AllSettled) {
        say("aep-agent send: {}; {} records read and not settled, send the input again\n", sending.why(end),
            totals.in_flight);
        return kExitGaveUp;
    }
    if (agent.unreadable() > 0) {
        say("aep-agent send: {} of the inputs could not be read to the end, see above\n", agent.unreadable());
        return kExitGaveUp;
    }
    return totals.dead_lettered > 0 ? kExitRejected : kExitOk;
}

int send(SendOptions options) {
    if (options.configs.empty() && options.flags.url.empty()) {
        return fail("where to? give -c FILE, or --url, --org, --dataset, --schema and --kind");
    }
    if (!options.configs.empty() && options.flags != config::Flags{}) {
        return fail(
            "the configuration of -c says where to: leave out either it, or --url, --org, --dataset, "
            "--schema, --schema-file, --kind and --ca");
    }
    auto config = load(options);
    if (!config) return kExitUsage;
    log::configure(config->telemetry.log);
    if (auto set = set_source(*config, options); !set) return fail(set.error().message);
    if (options.rejected.empty()) {
        options.rejected = fmt::format("./rejected-{}.ndjson", base::format_rfc3339(base::WallClock::now()));
    }

    const std::vector<fs::path> inputs{options.files.begin(), options.files.end()};
    if (auto checked = check_rejected_file(options.rejected, inputs); !checked) {
        return fail(checked.error().message);
    }

    Signals signals;
    Agent::Options agent_options;
    agent_options.agent_id =
        config->agent.id.empty() ? one_shot_agent_id(config->agent.state_dir) : config->agent.id;
    agent_options.rejected_file = options.rejected;
    agent_options.on_finished = [&signals] { signals.wake(); };
    auto agent = Agent::create(*config, agent_options);
    if (!agent) return fail(agent.error().message);

    OneShot sending{signals, **agent, options.timeout, [&] { return progress_of(**agent); }};
    const OneShot::End end = sending.run();
    log::flush();
    return conclude(end, sending, **agent, options);
}

}  // namespace

void add_send(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand("send", "one shot: files or stdin, to the end, with a summary");
    auto options = std::make_shared<SendOptions>();
    command->add_option("FILE", options->files, "files with records, or - for stdin (the default)");
    command->add_option("-c,--config", options->configs, "configuration file or directory; may be repeated")
        ->allow_extra_args(false)  // what follows is a FILE
        ->type_name("FILE|DIR");
    command->add_option("--stream", options->stream, "the stream to send to, where there are several")
        ->type_name("ID");
    command
        ->add_option("--codec", options->codec, "ndjson (a record a line) or json (also arrays, over lines)")
        ->check(CLI::IsMember({"ndjson", "json"}));
    command->add_option("--rejected", options->rejected, "where rejects go (./rejected-<time>.ndjson)")
        ->type_name("FILE");
    add_timeout(*command, options->timeout);
    command->add_option("--url", options->flags.url, "without -c: the inlet's URL")->type_name("URL");
    command->add_option("--org", options->flags.org, "the organisation, ...@AdobeOrg")->type_name("ORG");
    command->add_option("--dataset", options->flags.dataset, "the dataset's id")->type_name("ID");
    command->add_option("--schema", options->flags.schema, "the schema's $id")->type_name("URL");
    command
        ->add_option("--schema-file", options->flags.schema_file,
                     "the schema, to check records before they leave")
        ->type_name("FILE");
    command->add_option("--kind", options->flags.kind, "experience_event or profile")->type_name("KIND");
    command->add_option("--ca", options->flags.ca, "certificates to trust, PEM")->type_name("FILE");
    command->footer(
        "Exit codes: 0 all delivered; 1 some records were rejected; 2 bad command line or configuration; 3 "
        "gave up.\n"
        "\n"
        "Examples:\n"
        "  aep-agent send events.ndjson -c agent.yaml\n"
        "  zcat old.json.gz | aep-agent send - -c agent.yaml --stream events\n"
        "  aep-agent send profiles.json --codec json --url https://dcs.adobedc.net/collection/INLET \\\n"
        "      --org ORG@AdobeOrg --dataset DATASET --schema https://ns.adobe.com/TENANT/schemas/ID --kind "
        "profile");
    command->callback([&action, options] { action = [options] { return send(*options); }; });
}

}  // namespace aep::app
