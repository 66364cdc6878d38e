#include <fmt/format.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/reload.hpp"
#include "telemetry/log.hpp"

namespace aep::app {
namespace {

using namespace std::chrono_literals;
using Type = source::SourceOptions::Type;

/// How long what waits for its disk buffer may take to get there.
constexpr std::chrono::milliseconds kStored = 2s;

base::Error only_in_memory(const std::string& source, const std::string& how_many) {
    return base::Error{fmt::format(
        "the destination of source '{}' is gone, and {} its records are only in memory: lead its stream to "
        "another destination first, and take this one away when it has delivered them",
        source, how_many)};
}

}  // namespace

base::Result<void> Reload::prepare() {
    for (const auto step : {&Reload::refuse_what_takes_a_restart, &Reload::refuse_changes_of_stdin}) {
        if (auto done = (this->*step)(); !done) return done;
    }
    proofs_ = load_proofs(next_);
    if (!proofs_.errors.empty()) return base::Error{fmt::format("{}", fmt::join(proofs_.errors, "\n"))};
    for (const auto step : {&Reload::refuse_to_lose_records, &Reload::prepare_tokens,
                            &Reload::prepare_destinations, &Reload::prepare_sources}) {
        if (auto done = (this->*step)(); !done) return done;
    }
    return {};
}

base::Result<void> Reload::refuse_what_takes_a_restart() const {
    const config::Config& now = stages_.config;
    std::vector<std::string> changed;
    const auto compare = [&changed](bool same, std::string what) {
        if (!same) changed.push_back(std::move(what));
    };
    compare(now.agent.id == next_.agent.id, "agent.id");
    compare(now.agent.state_dir == next_.agent.state_dir, "agent.state_dir");
    compare(now.agent.workers == next_.agent.workers, "agent.workers");
    compare(now.agent.memory_limit == next_.agent.memory_limit, "agent.memory_limit");
    compare(now.dead_letter == next_.dead_letter, "dead_letter");
    compare(now.receipts == next_.receipts, "receipts");
    compare(now.telemetry.listen == next_.telemetry.listen, "telemetry.listen");
    for (const config::Destination& after : next_.destinations) {
        const config::Destination* before = find_destination(now, after.delivery.id);
        compare(before == nullptr || before->delivery.buffer == after.delivery.buffer,
                fmt::format("buffer of destination '{}'", after.delivery.id));
    }
    const bool has_room = !stages_.store || buffer_bytes(next_) <= stages_.store->buffer_bytes();
    compare(has_room, "the sum of all buffer.max_bytes");
    if (changed.empty()) return {};
    return base::Error{fmt::format("{} can only change with a restart", fmt::join(changed, ", "))};
}

/// What is in the pipe, and what was read of an incomplete record, could not be read again.
base::Result<void> Reload::refuse_changes_of_stdin() const {
    for (const config::Source& source : stages_.config.sources) {
        const std::string& id = source.options.id;
        const auto is_it = [&id](const std::string& other) { return other == id; };
        const bool goes = std::ranges::any_of(removed_sources_, is_it);
        const bool changes = std::ranges::any_of(changed_sockets_, is_it);
        if (source.options.type != Type::Stdin || (!goes && !changes)) continue;
        if (goes && stages_.source_of(id)->finished()) continue;
        return base::Error{fmt::format("source '{}' reads stdin: it can only {} with a restart", id,
                                       goes ? "go" : "change")};
    }
    return {};
}

/// Of what the destinations that are gone have. Asked twice: before anything is touched, and when nothing can
/// be added any more.
base::Result<void> Reload::refuse_to_lose_records() {
    for (const std::string& id : removed_destinations_) {
        const auto buffer = stages_.buffers.find(id);
        if (buffer == stages_.buffers.end()) continue;
        if (stages_.store->flush(kStored) && buffer->second->unstored() == 0) continue;
        return base::Error{fmt::format(
            "destination '{}' is gone, but what waits for its disk buffer cannot be written to it now", id)};
    }
    for (const config::Source& source : stages_.config.sources) {
        if (source.options.type == Type::File || !feeds_removed(source)) continue;
        const record::RecordCounters& counters = stages_.counters_of(source.options.id);
        const std::uint64_t in_flight = counters.snapshot().in_flight;
        const std::uint64_t safe = stages_.durable_of(counters);
        if (in_flight > safe)
            return only_in_memory(source.options.id, fmt::format("{} of", in_flight - safe));
    }
    return {};
}

/// The same of files, when their sources have been stopped.
base::Result<void> Reload::refuse_to_lose_files() const {
    for (const std::string& id : rewound_) {
        if (!stages_.source_of(id)->can_rewind()) return only_in_memory(id, "of files that are gone some of");
    }
    return {};
}

base::Result<void> Reload::prepare_tokens() {
    for (const http::TokenOptions& platform : next_.tokens) {
        const auto before =
            std::ranges::find(stages_.config.tokens, platform.platform, &http::TokenOptions::platform);
        if (before != stages_.config.tokens.end() && *before == platform) {
            tokens_[platform.platform] = stages_.tokens.at(platform.platform);
            continue;
        }
        auto made = stages_.make_tokens(platform);
        if (!made) return made.error();
        tokens_[platform.platform] = std::move(*made);
    }
    return {};
}

base::Result<void> Reload::prepare_destinations() {
    for (const config::Platform& platform : next_.platforms) {
        const bool is_new =
            std::ranges::none_of(stages_.config.platforms,
                                 [&platform](const config::Platform& one) { return one.id == platform.id; });
        if (is_new) stages_.traffic.set_platform(platform.id, platform.limits);
    }
    const auto tokens_of = [this](const config::Destination& destination) {
        const auto found = tokens_.find(destination.token_platform);
        return found == tokens_.end() ? nullptr : found->second;
    };
    for (const std::string& id : changed_destinations_) {
        const config::Destination& after = *find_destination(next_, id);
        auto link = stages_.destinations.at(id)->prepare(after.delivery, tokens_of(after));
        if (!link) return link.error();
        links_[id] = std::move(*link);
    }
    for (const std::string& id : added_destinations_) {
        const config::Destination& after = *find_destination(next_, id);
        stages_.shares[id] = &stages_.budget.add_share(id);
        auto made = stages_.make_destination(after, tokens_of(after));
        if (!made) return made.error();
        destinations_[id] = std::move(*made);
        if (!stages_.store || !is_buffered_on_disk(after)) continue;
        auto buffer = stages_.make_buffer(after);
        if (!buffer) return buffer.error();
        buffers_[id] = std::move(*buffer);
    }
    return {};
}

/// Those that can be there beside the old ones.
base::Result<void> Reload::prepare_sources() {
    for (const auto* ids : {&added_sources_, &changed_sockets_}) {
        for (const std::string& id : *ids) {
            const config::Source& source = *find(next_, id);
            if (needs_its_place(source)) continue;
            const auto& destination = next_.stream(source.options.stream).destination;
            auto made = stages_.make_source(
                source, {.memory = stages_.shares.at(destination), .message_overhead = 0, .hold = nullptr});
            if (!made) return made.error();
            sources_[id] = std::move(*made);
        }
    }
    return {};
}

/// It listens where the old one of this id, or another that goes, still does.
bool Reload::needs_its_place(const config::Source& source) const {
    return std::ranges::any_of(stages_.config.sources, [&source](const config::Source& before) {
        const bool same_address =
            !before.options.listen.empty() && before.options.listen == source.options.listen;
        const bool same_path = !before.options.path.empty() && before.options.path == source.options.path;
        return before.options.id == source.options.id && (same_address || same_path);
    });
}

/// What was prepared goes again.
void Reload::undo() {
    sources_.clear();
    for (auto& [id, buffer] : buffers_) {
        if (buffer) leave_buffer(id, std::move(buffer));
    }
    destinations_.clear();
    for (const std::string& id : added_destinations_) {
        stages_.shares.erase(id);
        stages_.budget.retire_share(id);
    }
}

}  // namespace aep::app
