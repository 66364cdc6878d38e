#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "app/reload.hpp"

namespace aep::app {
namespace {

using Type = source::SourceOptions::Type;

}  // namespace

base::Result<void> Reload::prepare() {
    for (const auto step : {&Reload::refuse_what_takes_a_restart, &Reload::refuse_changes_of_stdin,
                            &Reload::refuse_to_lose_sockets}) {
        if (auto done = (this->*step)(); !done) return done;
    }
    proofs_ = load_proofs(next_);
    if (!proofs_.errors.empty()) return base::Error{fmt::format("{}", fmt::join(proofs_.errors, "\n"))};
    for (const auto step :
         {&Reload::prepare_tokens, &Reload::prepare_destinations, &Reload::prepare_sources}) {
        if (auto done = (this->*step)(); !done) return done;
    }
    return {};
}

base::Result<void> Reload::refuse_what_takes_a_restart() {
    std::vector<std::string> changed;
    const auto compare = [&changed](bool same, std::string what) {
        if (!same) changed.push_back(std::move(what));
    };
    compare(before_.agent.id == next_.agent.id, "agent.id");
    compare(before_.agent.state_dir == next_.agent.state_dir, "agent.state_dir");
    compare(before_.agent.workers == next_.agent.workers, "agent.workers");
    compare(before_.agent.memory_limit == next_.agent.memory_limit, "agent.memory_limit");
    compare(before_.dead_letter == next_.dead_letter, "dead_letter");
    compare(before_.receipts == next_.receipts, "receipts");
    compare(before_.telemetry.listen == next_.telemetry.listen, "telemetry.listen");
    for (const config::Destination& after : next_.destinations) {
        const config::Destination* before = find_destination(before_, after.delivery.id);
        compare(before == nullptr || before->delivery.buffer == after.delivery.buffer,
                fmt::format("buffer of destination '{}'", after.delivery.id));
    }
    for (const config::Source& after : next_.sources) {
        const config::Source* before = find(before_, after.options.id);
        compare(before == nullptr || before->options.type == after.options.type,
                fmt::format("type of source '{}' (or give it another id)", after.options.id));
    }
    const bool has_room = !stages_.store || buffer_bytes(next_) <= stages_.store->buffer_bytes();
    compare(has_room, "the sum of all buffer.max_bytes");
    if (changed.empty()) return {};
    return base::Error{fmt::format("{} can only change with a restart", fmt::join(changed, ", "))};
}

/// What is in the pipe, and what was read of an incomplete record, could not be read again.
base::Result<void> Reload::refuse_changes_of_stdin() {
    for (const config::Source& source : before_.sources) {
        const std::string& id = source.options.id;
        const bool goes = contains(removed_sources_, id);
        if (source.options.type != Type::Stdin || (!goes && !contains(changed_sockets_, id))) continue;
        if (goes && stages_.source_of(id)->finished()) continue;
        return base::Error{fmt::format("source '{}' reads stdin: it can only {} with a restart", id,
                                       goes ? "go" : "change")};
    }
    return {};
}

base::Result<void> Reload::prepare_tokens() {
    for (const http::TokenOptions& platform : next_.tokens) {
        const auto before =
            std::ranges::find(before_.tokens, platform.platform, &http::TokenOptions::platform);
        if (before != before_.tokens.end() && *before == platform) {
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
        const bool is_new = std::ranges::none_of(
            before_.platforms, [&platform](const config::Platform& one) { return one.id == platform.id; });
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
            if (needs_a_place(source)) continue;
            const auto& destination = next_.stream(source.options.stream).destination;
            auto made = stages_.make_source(
                source, {.memory = stages_.shares.at(destination), .message_overhead = 0, .hold = nullptr});
            if (!made) return made.error();
            sources_[id] = std::move(*made);
        }
    }
    return {};
}

/// It listens where one still does that goes or is opened anew, or takes up what one has left off.
bool Reload::needs_a_place(const config::Source& source) const {
    if (source.options.type == Type::File) return true;
    return std::ranges::any_of(before_.sources, [&](const config::Source& before) {
        const std::string& id = before.options.id;
        const bool leaves = contains(removed_sources_, id) || contains(changed_sockets_, id);
        const bool same_address =
            !before.options.listen.empty() && before.options.listen == source.options.listen;
        const bool same_path = !before.options.path.empty() && before.options.path == source.options.path;
        return leaves && (same_address || same_path);
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
