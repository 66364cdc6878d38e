#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/load_config.hpp"
#include "app/standard_streams.hpp"
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "store/buffer_tool.hpp"

namespace aep::app {
namespace {

using store::ListedBatch;

struct BufferArguments {
    std::vector<std::filesystem::path> files;
    std::string destination;  ///< empty: all
};

/// Visits the batches that the arguments name; the exit code.
template <class Visitor>
int visit(const BufferArguments& arguments, const Visitor& visitor) {
    const auto config = load_config(arguments.files, "buffer");
    if (!config) return kExitUsage;
    // Batches of a destination that is not configured any more are there all the same.
    bool is_known = arguments.destination.empty() ||
                    std::ranges::any_of(config->destinations, [&](const auto& destination) {
                        return destination.delivery.id == arguments.destination;
                    });
    const auto visited = store::visit_buffers(config->agent.state_dir, [&](const ListedBatch& batch) {
        if (!arguments.destination.empty() && batch.key.destination != arguments.destination) return;
        is_known = true;
        visitor(batch);
    });
    if (visited && is_known) return kExitOk;
    say("aep-agent buffer: {}\n",
        visited ? fmt::format("--destination: there is no destination '{}', and nothing waits for one",
                              arguments.destination)
                : visited.error().message);
    return kExitUsage;
}

struct Summary {
    std::uint64_t batches = 0;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t damaged = 0;
    base::WallTime oldest = base::WallTime::max();
};

int inspect(const BufferArguments& arguments) {
    std::map<std::string, Summary> destinations;
    const int code = visit(arguments, [&](const ListedBatch& batch) {
        Summary& sum = destinations[batch.key.destination];
        ++sum.batches;
        sum.bytes += batch.bytes;
        sum.messages += batch.head.messages.size();
        if (!batch.damage.empty()) {
            ++sum.damaged;
        } else {
            sum.oldest = std::min(sum.oldest, batch.head.oldest_read);
        }
    });
    if (code != kExitOk) return code;
    if (destinations.empty()) say("nothing waits in a disk buffer\n");
    for (const auto& [destination, sum] : destinations) {
        fmt::print("{}: {} batches, {} messages, {}, oldest record read at {}{}\n", destination, sum.batches,
                   sum.messages, base::human_bytes(sum.bytes),
                   sum.oldest == base::WallTime::max() ? "?" : base::format_rfc3339(sum.oldest),
                   sum.damaged == 0 ? "" : fmt::format(", {} with a damaged head", sum.damaged));
    }
    return kExitOk;
}

int verify(const BufferArguments& arguments) {
    std::uint64_t good = 0;
    std::uint64_t damaged = 0;
    const int code = visit(arguments, [&](const ListedBatch& batch) {
        const auto body = store::body_of(batch);
        if (body) {
            ++good;
            return;
        }
        ++damaged;
        fmt::print("{}: batch {}, {} bytes: {}\n", batch.key.destination, batch.key.number, batch.bytes,
                   body.error().message);
    });
    if (code != kExitOk) return code;
    say("{} batches are good, {} damaged{}\n", good, damaged,
        damaged == 0 ? "" : ": `run` sets them aside when their turn comes");
    return damaged == 0 ? kExitOk : kExitRejected;
}

void print_message(const ListedBatch& batch, const store::StoredMessage& message, std::string_view body) {
    const record::Origin& origin = *batch.head.origins[message.origin];
    std::string line = "{\"destination\":";
    base::append_json_string(line, batch.key.destination);
    line += ",\"stream\":";
    base::append_json_string(line, batch.head.stream.id);
    line += ",\"source\":";
    base::append_json_string(line, origin.source);
    line += origin.is_file ? ",\"file\":" : ",\"origin\":";
    base::append_json_string(line, base::to_utf8(origin.name));
    line += fmt::format(",\"position\":{},\"message\":", message.kept.start);
    const std::size_t begin = line.size();
    line += body.substr(message.begin, message.size);
    // Line ends can only be white space between its tokens.
    std::replace_if(
        line.begin() + static_cast<std::ptrdiff_t>(begin), line.end(),
        [](char c) { return c == '\n' || c == '\r'; }, ' ');
    line += "}\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
}

int export_messages(const BufferArguments& arguments) {
    std::uint64_t damaged = 0;
    const int code = visit(arguments, [&](const ListedBatch& batch) {
        const auto body = store::body_of(batch);
        if (!body) {
            ++damaged;
            say("warning: batch {} of {} is left out: {}\n", batch.key.number, batch.key.destination,
                body.error().message);
            return;
        }
        for (const store::StoredMessage& message : batch.head.messages) print_message(batch, message, *body);
    });
    if (code != kExitOk) return code;
    return damaged == 0 ? kExitOk : kExitRejected;
}

}  // namespace

void add_buffer(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand("buffer", "what waits in the disk buffers");
    command->require_subcommand(1);
    command->footer(
        "All work beside a running agent and show what its last commit left.\n"
        "\n"
        "Examples:\n"
        "  aep-agent buffer inspect -c agent.yaml\n"
        "  aep-agent buffer verify -c agent.yaml\n"
        "  aep-agent buffer export -c agent.yaml --destination inlet > messages.ndjson\n"
        "\n"
        "Exit codes: 0 done, 1 some batches are damaged, 2 could not (the reason is on stderr).\n");
    // Shared by CLI11, which fills it while parsing, and the actions, which read it afterwards.
    const auto arguments = std::make_shared<BufferArguments>();
    const auto add = [&](const char* name, const char* help, int (*run)(const BufferArguments&)) {
        CLI::App* verb = command->add_subcommand(name, help);
        verb->add_option("-c,--config", arguments->files,
                         "A configuration file, or a directory of them; repeats")
            ->required()
            ->type_name("FILE|DIR");
        verb->add_option("--destination", arguments->destination, "Only of this destination")
            ->type_name("ID");
        verb->callback([&action, arguments, run] { action = [arguments, run] { return run(*arguments); }; });
    };
    add("inspect", "per destination: batches, messages, bytes, age", inspect);
    add("verify", "read every batch and check it", verify);
    add("export", "every message as JSON, one a line, with where it came from", export_messages);
}

}  // namespace aep::app
