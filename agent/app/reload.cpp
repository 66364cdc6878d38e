#include "app/reload.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <utility>

#include "app/exit_code.hpp"
#include "telemetry/log.hpp"

namespace aep::app {
namespace {

namespace log = telemetry::log;
using namespace std::chrono_literals;
using Type = source::SourceOptions::Type;

/// How long what is settled may take to get to the disk.
constexpr std::chrono::milliseconds kSettled = 2s;

/// But for where its records go, of which it needs no new one.
source::SourceOptions without_stream(source::SourceOptions options) {
    options.stream.clear();
    return options;
}

}  // namespace

const config::Source* Reload::find(const config::Config& config, const std::string& id) {
    const auto found =
        std::ranges::find(config.sources, id, [](const config::Source& one) { return one.options.id; });
    return found == config.sources.end() ? nullptr : &*found;
}

const config::Destination* Reload::find_destination(const config::Config& config, const std::string& id) {
    const auto found = std::ranges::find(config.destinations, id,
                                         [](const config::Destination& one) { return one.delivery.id; });
    return found == config.destinations.end() ? nullptr : &*found;
}

bool Reload::contains(const Ids& ids, const std::string& id) {
    return std::ranges::find(ids, id) != ids.end();
}

base::Result<std::string> Reload::run() {
    compare_destinations();
    compare_sources();
    if (auto prepared = prepare(); !prepared) {
        undo();
        return prepared.error();
    }
    stop_first();
    if (auto replaced = replace_pipeline(); !replaced) {
        start_again();
        undo();
        return replaced.error();
    }
    change_destinations();
    remove_destinations();
    change_sources();
    return base::ok(summary());
}

// ---- what has changed

void Reload::compare_destinations() {
    for (const config::Destination& before : before_.destinations) {
        if (find_destination(next_, before.delivery.id) == nullptr) {
            removed_destinations_.push_back(before.delivery.id);
        }
    }
    for (const config::Destination& after : next_.destinations) {
        const config::Destination* before = find_destination(before_, after.delivery.id);
        if (before == nullptr) {
            added_destinations_.push_back(after.delivery.id);
            continue;
        }
        const auto tokens_in = [&after](const config::Config& config) {
            const auto found =
                std::ranges::find(config.tokens, after.token_platform, &http::TokenOptions::platform);
            return found == config.tokens.end() ? std::optional<http::TokenOptions>{} : *found;
        };
        const bool same = before->delivery == after.delivery &&
                          before->token_platform == after.token_platform &&
                          tokens_in(before_) == tokens_in(next_);
        if (!same) changed_destinations_.push_back(after.delivery.id);
    }
}

void Reload::compare_sources() {
    for (const config::Source& before : before_.sources) {
        const std::string& id = before.options.id;
        const config::Source* after = find(next_, id);
        if (after == nullptr) {
            removed_sources_.push_back(id);
        } else if (stages_.source_of(id) == nullptr) {  // the last reload could not open it
            changed_sockets_.push_back(id);
        } else if (without_stream(before.options) != without_stream(after->options)) {
            (before.options.type == Type::File ? changed_files_ : changed_sockets_).push_back(id);
        }
    }
    for (const config::Source& after : next_.sources) {
        if (find(before_, after.options.id) == nullptr) added_sources_.push_back(after.options.id);
    }
}

/// Whether it feeds a destination that is gone.
bool Reload::feeds_removed(const config::Source& source) const {
    return contains(removed_destinations_, before_.stream(source.options.stream).destination);
}

std::string Reload::summary() const {
    std::vector<std::string> parts;
    const auto add = [&parts](const char* what, const std::vector<std::string>& ids) {
        if (!ids.empty()) parts.push_back(fmt::format("{} {}", what, fmt::join(ids, ", ")));
    };
    add("new sources", added_sources_);
    add("changed sources", changed_files_);
    add("reopened sources", changed_sockets_);
    add("removed sources", removed_sources_);
    add("new destinations", added_destinations_);
    add("changed destinations", changed_destinations_);
    add("removed destinations", removed_destinations_);
    if (parts.empty()) return "the same sources and destinations; streams are as they are configured now";
    return fmt::format("{}", fmt::join(parts, "; "));
}

// ---- taking over

/// Files, which can be started again, and sockets whose last records have to be where they are looked for.
void Reload::stop_first() {
    for (const config::Source& source : before_.sources) {
        const std::string& id = source.options.id;
        source::Source* const running = stages_.source_of(id);
        const bool goes = contains(removed_sources_, id);
        const bool first = source.options.type == Type::File
                               ? goes || contains(changed_files_, id) || feeds_removed(source)
                               : goes && feeds_removed(source);
        if (running == nullptr || !first) continue;
        running->stop();
        stopped_.push_back(id);
    }
}

/// The reload is refused after all.
void Reload::start_again() {
    for (const std::string& id : stopped_) {
        const config::Source& source = *find(before_, id);
        if (source.options.type == Type::File) {
            stages_.source_of(id)->start();
        } else {
            open_source(source);
        }
    }
}

/// Nothing comes out of the sources meanwhile, so that what the old pipeline has goes first.
base::Result<void> Reload::replace_pipeline() {
    base::Result<void> looked;
    std::unique_ptr<pipeline::Pipeline> old;
    try {
        stages_.junction.switch_to([&]() -> record::BlockSink& { return switch_pipeline(looked, old); });
    } catch (const std::exception& error) {
        // The old pipeline has ended and there is no other: only a new start helps.
        log::error("internal_error", "a reload failed in its middle; please report this",
                   {{"what", error.what()}});
        log::flush();
        std::_Exit(kExitInternal);
    }
    for (const auto& [id, source] : stages_.sources) {
        if (const config::Source* configured = find(stages_.config, id)) {
            source->redirect(stages_.outlet_of(stages_.config, *configured));
        }
    }
    return looked;
}

record::BlockSink& Reload::switch_pipeline(base::Result<void>& looked,
                                           std::unique_ptr<pipeline::Pipeline>& old) {
    stages_.pipeline->finish();
    std::vector<record::BlockPtr> held = stages_.pipeline->take_held();
    looked = look_for_losses(held);
    if (looked) {
        take_over(held);
    } else {
        rewound_.clear();  // they stay as they are
    }
    std::unique_ptr<pipeline::Pipeline> made = stages_.make_pipeline(stages_.routes);
    if (looked) {
        stages_.pipeline->retire_holds();
    } else {
        made->hold_as(*stages_.pipeline);
    }
    {
        const std::lock_guard lock{stages_.mutex};
        old = std::exchange(stages_.pipeline, std::move(made));
    }
    pass_on(std::move(held));
    return stages_.pipeline->sink();
}

/// From here on it is the configuration. Sockets that are gone may hand over a last Block, and held streams
/// may have kept some: they keep their ways.
void Reload::take_over(const std::vector<record::BlockPtr>& held) {
    const auto has_held = [&held](const std::string& way) {
        return std::ranges::any_of(held, [&way](const auto& block) { return block->origin->way() == way; });
    };
    const std::lock_guard lock{stages_.mutex};
    for (auto& [id, destination] : destinations_) stages_.destinations[id] = std::move(destination);
    for (auto& [id, buffer] : buffers_) stages_.buffers[id] = std::move(buffer);
    std::vector<pipeline::RouteOptions> routes = Stages::routes_of(next_, proofs_);
    for (const pipeline::RouteOptions& route : stages_.routes) {
        if (find(next_, route.source) != nullptr || !leads_on(route.source)) continue;
        if (contains(removed_sources_, route.source) || has_held(route.source)) routes.push_back(route);
    }
    stages_.routes = std::move(routes);
    stages_.config = next_;
}

/// What a held stream has kept goes first; what is read again does not.
void Reload::pass_on(std::vector<record::BlockPtr> held) {
    for (record::BlockPtr& block : held) {
        if (contains(rewound_, block->origin->source)) continue;
        stages_.pipeline->sink().push(std::move(block));
    }
}

void Reload::change_destinations() {
    for (const config::Platform& platform : next_.platforms) {
        stages_.traffic.set_platform(platform.id, platform.limits);
    }
    stages_.tokens = tokens_;
    for (auto& [id, link] : links_) stages_.destinations.at(id)->adopt(std::move(link));
    for (const std::string& id : added_destinations_) {
        const auto buffer = stages_.buffers.find(id);
        if (buffer != stages_.buffers.end()) buffer->second->start(*stages_.destinations.at(id));
    }
    stages_.budget.set_limit(memory_for_records(next_));
}

void Reload::remove_destinations() {
    for (const std::string& id : removed_destinations_) {
        std::unique_ptr<delivery::Destination> destination;
        std::unique_ptr<delivery::DiskBuffer> buffer;
        {
            const std::lock_guard lock{stages_.mutex};
            destination = std::move(stages_.destinations.extract(id).mapped());
            if (auto found = stages_.buffers.extract(id)) buffer = std::move(found.mapped());
        }
        if (buffer) buffer->stop();
        destination->stop();
        // What it has refused, or what was delivered, is settled; the rest is not.
        (void)stages_.dead_letters->drain(kSettled);
        if (buffer) leave_buffer(id, std::move(buffer));
        destination.reset();
        stages_.shares.erase(id);
        stages_.budget.retire_share(id);
    }
    for (const std::string& id : rewound_) stopped_file(id)->rewind();
}

/// What is delivered goes from the disk first, so that it is not sent again when the destination comes back.
void Reload::leave_buffer(const std::string& id, std::unique_ptr<delivery::DiskBuffer> buffer) {
    (void)stages_.store->flush(kSettled);
    buffer->leave();
    std::uint64_t records = 0;
    for (const auto& [source, number] : buffer->records()) {
        stages_.counters_of(source).leave_in_buffer(number);
        records += number;
    }
    if (records > 0) {
        log::warn("buffer_left_over",
                  "batches wait in the disk buffer of a destination that is gone: they are kept and not sent "
                  "until it is there again",
                  {{"destination", id}, {"records", records}});
    }
    const std::lock_guard lock{stages_.mutex};
    stages_.former_buffers.push_back(std::move(buffer));
}

void Reload::change_sources() {
    stop_rest();
    park_removed();
    for (const std::string& id : changed_files_) {
        (void)stages_.source_of(id)->reconfigure(find(next_, id)->options);  // files always can
    }
    // A new source begins where the store says that the last one was.
    if (stages_.store) (void)stages_.store->flush(kSettled);
    for (const auto* ids : {&added_sources_, &changed_sockets_}) {
        for (const std::string& id : *ids) {
            const auto prepared = sources_.find(id);
            if (prepared == sources_.end()) {
                open_source(*find(next_, id));
            } else {
                start_source(id, std::move(prepared->second));
            }
        }
    }
    for (const std::string& id : stopped_) {
        source::Source* const source = stages_.source_of(id);
        if (source != nullptr && find(next_, id)->options.type == Type::File) source->start();
    }
}

/// Sockets that are gone, or opened anew, read what has arrived.
void Reload::stop_rest() {
    for (const auto* ids : {&removed_sources_, &changed_sockets_}) {
        for (const std::string& id : *ids) {
            if (source::Source* const source = stages_.source_of(id)) source->stop();
        }
    }
}

void Reload::park_removed() {
    std::erase_if(stages_.parked, [](const auto& entry) { return entry.second->is_done(); });
    for (const auto* ids : {&removed_sources_, &changed_sockets_}) {
        for (const std::string& id : *ids) {
            std::unique_ptr<source::Source> source;
            {
                const std::lock_guard lock{stages_.mutex};
                if (auto found = stages_.sources.extract(id)) source = std::move(found.mapped());
            }
            stages_.health.clear_trouble("source " + id);
            const bool is_file = find(before_, id)->options.type == Type::File;
            if (source && is_file && !source->is_done()) stages_.parked[id] = std::move(source);
        }
    }
}

/// Where the one before it was: the parked one of a file, or at the address of a socket.
void Reload::open_source(const config::Source& source) {
    const std::string& id = source.options.id;
    const bool is_file = source.options.type == Type::File;
    if (auto parked = is_file ? stages_.parked.extract(id) : decltype(stages_.parked)::node_type{}) {
        (void)parked.mapped()->reconfigure(source.options);
        return start_source(id, std::move(parked.mapped()));
    }
    {
        const std::lock_guard lock{stages_.mutex};
        stages_.sources.erase(id);
    }
    auto made = stages_.make_source(source, stages_.outlet_of(stages_.config, source));
    if (made) return start_source(id, std::move(*made));
    stages_.health.set_trouble("source " + id, "not open");
    log::error("source_not_opened",
               "a source could not be opened by a reload: nothing of it is read; cure it and reload again",
               {{"source", id}, {"reason", made.error().message}});
}

void Reload::start_source(const std::string& id, std::unique_ptr<source::Source> source) {
    source->redirect(stages_.outlet_of(stages_.config, *find(stages_.config, id)));
    source->start();
    const std::lock_guard lock{stages_.mutex};
    stages_.sources[id] = std::move(source);
}

}  // namespace aep::app
