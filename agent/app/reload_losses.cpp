#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "app/reload.hpp"

namespace aep::app {
namespace {

using namespace std::chrono_literals;
using Type = source::SourceOptions::Type;

/// How long what waits for its disk buffer, or for the dead letters, may take to get to the disk.
constexpr std::chrono::milliseconds kOnDisk = 2s;

base::Error only_in_memory(const std::string& destination, const std::string& source, std::uint64_t records) {
    return base::Error{fmt::format(
        "destination '{}' is gone, and {} records of source '{}' that it has are only in memory: lead its "
        "stream to another destination first, and take this one away when it has delivered them",
        destination, records, source)};
}

}  // namespace

/// What can be seen before anything is touched.
base::Result<void> Reload::refuse_to_lose_sockets() {
    for (const std::string& id : removed_destinations_) {
        if (stages_.buffers.contains(id)) continue;
        for (const auto& [source, unsettled] : stages_.destinations.at(id)->unsettled()) {
            if (!unsettled.is_file) return only_in_memory(id, source, unsettled.messages);
        }
    }
    return {};
}

/// While nothing moves but answers of inlets. Plans what is to be read again.
base::Result<void> Reload::look_for_losses(const std::vector<record::BlockPtr>& held) {
    if (!removed_destinations_.empty() && !stages_.dead_letters->drain(kOnDisk)) {
        return base::Error{
            "dead letters cannot be written now, and a destination is gone that has made some"};
    }
    if (auto stored = store_buffered(); !stored) return stored;
    if (auto planned = plan_rewinds(); !planned) return planned;
    return plan_for_held(held);
}

/// What waits for the disk buffer of a destination that is gone.
base::Result<void> Reload::store_buffered() {
    const auto deadline = base::SteadyClock::now() + kOnDisk;
    for (const std::string& id : removed_destinations_) {
        const auto buffer = stages_.buffers.find(id);
        if (buffer == stages_.buffers.end()) continue;
        while (const std::size_t unstored = buffer->second->unstored()) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(deadline - base::SteadyClock::now());
            const bool stored = left > 0ms && stages_.store->flush(left);
            if (stored && buffer->second->unstored() < unstored) continue;
            return base::Error{
                fmt::format("destination '{}' is gone, but what waits for its disk buffer cannot be written "
                            "to it now; it may be full",
                            id)};
        }
    }
    return {};
}

base::Result<void> Reload::plan_rewinds() {
    for (const std::string& id : removed_destinations_) {
        if (stages_.buffers.contains(id)) continue;
        for (const auto& [source, unsettled] : stages_.destinations.at(id)->unsettled()) {
            if (!unsettled.is_file) return only_in_memory(id, source, unsettled.messages);
            if (auto planned = plan_rewind(source, id, unsettled.messages); !planned) return planned;
        }
    }
    return {};
}

base::Result<void> Reload::plan_rewind(const std::string& source, const std::string& destination,
                                       std::uint64_t messages) {
    const source::Source* const file = stopped_file(source);
    if (file == nullptr) {
        return base::Error{
            fmt::format("destination '{}' is gone, but has {} records of source '{}', which was led "
                        "elsewhere: take it away "
                        "when it has delivered them",
                        destination, messages, source)};
    }
    if (!file->can_rewind()) return only_in_memory(destination, source, messages);
    if (auto refused = refuse_to_tell_apart(source); !refused) return refused;
    if (!contains(rewound_, source)) rewound_.push_back(source);
    return {};
}

/// A rewind is of all that the source has on its way: no destination that stays may have some of it in memory
/// alone.
base::Result<void> Reload::refuse_to_tell_apart(const std::string& source) {
    for (const auto& [id, destination] : stages_.destinations) {
        if (contains(removed_destinations_, id)) continue;
        const auto buffer = stages_.buffers.find(id);
        const bool may_have = buffer != stages_.buffers.end() ? buffer->second->unstored() > 0
                                                              : destination->unsettled().contains(source);
        if (!may_have) continue;
        return base::Error{
            fmt::format("records of source '{}' wait at a destination that is gone and may wait at '{}', so "
                        "that they cannot "
                        "be told apart: reload again when '{}' has delivered them",
                        source, id, id)};
    }
    return {};
}

/// Whether its Blocks still have a way.
bool Reload::leads_on(const std::string& source) const {
    return find(next_, source) != nullptr ||
           std::ranges::any_of(stages_.routes, [&](const pipeline::RouteOptions& route) {
               return route.source == source && !contains(removed_destinations_, route.stream.destination);
           });
}

/// What a held stream has kept, of sources that have no way any more.
base::Result<void> Reload::plan_for_held(const std::vector<record::BlockPtr>& held) {
    for (const auto& block : held) {
        const std::string& source = block->origin->source;
        if (leads_on(source) || contains(rewound_, source)) continue;
        const source::Source* const file = stopped_file(source);
        if (file == nullptr || !file->can_rewind()) {
            return base::Error{
                fmt::format("source '{}' and its destination are gone, but its stream is held, and records "
                            "of it are only "
                            "in memory: keep the destination until the stream goes on",
                            source)};
        }
        if (auto refused = refuse_to_tell_apart(source); !refused) return refused;
        rewound_.push_back(source);
    }
    return {};
}

/// The source of files, where it has been stopped; else null.
source::Source* Reload::stopped_file(const std::string& id) const {
    if (source::Source* const running = stages_.source_of(id)) {
        const config::Source* const source = find(before_, id);
        const bool is_file = source != nullptr && source->options.type == Type::File;
        return is_file && contains(stopped_, id) ? running : nullptr;
    }
    const auto parked = stages_.parked.find(id);
    return parked == stages_.parked.end() ? nullptr : parked->second.get();
}

}  // namespace aep::app
