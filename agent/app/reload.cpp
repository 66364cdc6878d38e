#include "app/reload.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "telemetry/log.hpp"

namespace aep::app {
namespace {

namespace log = telemetry::log;
using namespace std::chrono_literals;
using Type = source::SourceOptions::Type;

/// How long what the old destinations refused may take to get into the dead letters: it is only to the disk.
constexpr std::chrono::milliseconds kDeadLetters = 200ms;

/// But for where its records go, of which it needs no new one.
source::SourceOptions without_stream(source::SourceOptions options) {
    options.stream.clear();
    return options;
}

bool contains(const std::vector<std::string>& ids, const std::string& id) {
    return std::ranges::find(ids, id) != ids.end();
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

base::Result<std::string> Reload::run() {
    compare_destinations();
    compare_sources();
    if (auto prepared = prepare(); !prepared) {
        undo();
        return prepared.error();
    }
    stop_sources();
    if (auto replaced = replace_pipeline(); !replaced) {
        start_sources_again();
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
    for (const config::Destination& before : stages_.config.destinations) {
        if (find_destination(next_, before.delivery.id) == nullptr) {
            removed_destinations_.push_back(before.delivery.id);
        }
    }
    for (const config::Destination& after : next_.destinations) {
        const config::Destination* before = find_destination(stages_.config, after.delivery.id);
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
                          tokens_in(stages_.config) == tokens_in(next_);
        if (!same) changed_destinations_.push_back(after.delivery.id);
    }
}

void Reload::compare_sources() {
    for (const config::Source& before : stages_.config.sources) {
        const std::string& id = before.options.id;
        const bool is_file = before.options.type == Type::File;
        if (is_file && feeds_removed(before)) rewound_.push_back(id);
        const config::Source* after = find(next_, id);
        if (after == nullptr) {
            removed_sources_.push_back(id);
        } else if (stages_.source_of(id) == nullptr) {  // the last reload could not open it
            changed_sockets_.push_back(id);
        } else if (without_stream(before.options) != without_stream(after->options)) {
            const bool reads_on = is_file && after->options.type == Type::File;
            (reads_on ? changed_files_ : changed_sockets_).push_back(id);
        }
    }
    for (const config::Source& after : next_.sources) {
        if (find(stages_.config, after.options.id) == nullptr) added_sources_.push_back(after.options.id);
    }
}

/// Whether a destination that is gone may have records of it that are nowhere else.
bool Reload::feeds_removed(const config::Source& source) const {
    const auto goes = [this](const std::string& destination) {
        return contains(removed_destinations_, destination) && !stages_.buffers.contains(destination);
    };
    if (goes(stages_.config.stream(source.options.stream).destination)) return true;
    const auto before = stages_.fed_before.find(source.options.id);
    return before != stages_.fed_before.end() &&
           std::ranges::any_of(before->second, [&](const std::string& destination) {
               return goes(destination) && !stages_.destinations.at(destination)->drain(0ms);
           });
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

void Reload::stop_sources() {
    for (const auto* ids : {&removed_sources_, &changed_files_, &changed_sockets_, &rewound_}) {
        for (const std::string& id : *ids) {
            source::Source* const source = stages_.source_of(id);
            if (source == nullptr || contains(stopped_, id)) continue;
            source->stop();
            stopped_.push_back(id);
        }
    }
}

/// The reload is refused after all.
void Reload::start_sources_again() {
    for (const std::string& id : stopped_) {
        const config::Source& source = *find(stages_.config, id);
        if (source.options.type == Type::File) {
            stages_.source_of(id)->start();
        } else {
            replace_source(source);
        }
    }
}

/// Nothing comes out of the sources meanwhile, so that what the old pipeline has goes first. Only here it can
/// be seen whether something would be lost.
base::Result<void> Reload::replace_pipeline() {
    base::Result<void> looked;
    std::unique_ptr<pipeline::Pipeline> before;
    stages_.junction.switch_to([&]() -> record::BlockSink& {
        stages_.pipeline->finish();
        std::vector<record::BlockPtr> held = stages_.pipeline->take_held();
        looked = look_for_what_would_be_lost(held);
        const std::lock_guard lock{stages_.mutex};
        before = std::move(stages_.pipeline);
        if (looked) {
            for (auto& [id, destination] : destinations_) stages_.destinations[id] = std::move(destination);
            for (auto& [id, buffer] : buffers_) stages_.buffers[id] = std::move(buffer);
            note_feeds();
            stages_.routes = Stages::routes_of(next_, proofs_);
            stages_.config = next_;
        }
        stages_.pipeline = stages_.make_pipeline(stages_.routes);
        pass_on(std::move(held));
        return stages_.pipeline->sink();
    });
    for (const auto& [id, source] : stages_.sources) {
        if (const config::Source* configured = find(stages_.config, id)) {
            source->redirect(stages_.outlet_of(stages_.config, *configured));
        }
    }
    return looked;
}

/// Sources that are led elsewhere may have records where they went before.
void Reload::note_feeds() {
    for (const config::Source& source : stages_.config.sources) {
        const config::Source* after = find(next_, source.options.id);
        const std::string& before = stages_.config.stream(source.options.stream).destination;
        const bool elsewhere = after == nullptr || next_.stream(after->options.stream).destination != before;
        if (elsewhere) stages_.fed_before[source.options.id].insert(before);
    }
}

base::Result<void> Reload::look_for_what_would_be_lost(const std::vector<record::BlockPtr>& held) {
    if (auto refused = refuse_to_lose_records(); !refused) return refused;
    if (auto refused = refuse_to_lose_files(); !refused) return refused;
    for (const auto& block : held) {
        const record::Origin& origin = *block->origin;
        if (origin.is_file || find(next_, origin.source) != nullptr) continue;
        return base::Error{
            fmt::format("source '{}' is gone, but its stream is held, and records of it are only in memory",
                        origin.source)};
    }
    return {};
}

/// What a held stream has kept goes first. A file's records that have no way any more are still in the file.
void Reload::pass_on(std::vector<record::BlockPtr> held) {
    const auto has_a_way = [this](const record::Origin& origin) {
        return std::ranges::any_of(stages_.routes, [&origin](const pipeline::RouteOptions& route) {
            return route.source == origin.way();
        });
    };
    for (record::BlockPtr& block : held) {
        if (!has_a_way(*block->origin) || contains(rewound_, block->origin->source)) continue;
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
        (void)stages_.dead_letters->drain(kDeadLetters);
        destination.reset();
        if (buffer) leave_buffer(id, std::move(buffer));
        stages_.shares.erase(id);
        stages_.budget.retire_share(id);
        for (auto& [source, fed] : stages_.fed_before) fed.erase(id);
    }
    for (const std::string& id : rewound_) stages_.source_of(id)->rewind();
}

void Reload::leave_buffer(const std::string& id, std::unique_ptr<delivery::DiskBuffer> buffer) {
    std::uint64_t records = 0;
    for (const auto& [source, number] : buffer->records()) {
        stages_.counters_of(source).leave_in_buffer(number);
        records += number;
    }
    buffer->leave();
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
    for (const std::string& id : removed_sources_) {
        const std::lock_guard lock{stages_.mutex};
        stages_.sources.erase(id);
    }
    for (const std::string& id : changed_files_) {
        (void)stages_.source_of(id)->reconfigure(find(next_, id)->options);  // files always can
    }
    for (const std::string& id : changed_sockets_) {
        if (!sources_.contains(id)) replace_source(*find(next_, id));
    }
    for (auto& [id, source] : sources_) {
        source->redirect(stages_.outlet_of(next_, *find(next_, id)));
        source->start();
        const std::lock_guard lock{stages_.mutex};
        stages_.sources[id] = std::move(source);
    }
    for (const std::string& id : stopped_) {
        const bool reads_on = contains(changed_files_, id) || contains(rewound_, id);
        if (source::Source* source = stages_.source_of(id); source != nullptr && reads_on) source->start();
    }
}

/// A socket at the address that the one before it had.
void Reload::replace_source(const config::Source& source) {
    const std::string& id = source.options.id;
    {
        const std::lock_guard lock{stages_.mutex};
        stages_.sources.erase(id);
    }
    auto made = stages_.make_source(source, stages_.outlet_of(stages_.config, source));
    if (!made) {
        stages_.health.set_trouble("source " + id, "not open");
        log::error("source_not_opened",
                   "a source could not be opened again after a reload: nothing of it is read; cure it and "
                   "start the agent again",
                   {{"source", id}, {"reason", made.error().message}});
        return;
    }
    stages_.health.clear_trouble("source " + id);
    (*made)->start();
    const std::lock_guard lock{stages_.mutex};
    stages_.sources[id] = std::move(*made);
}

}  // namespace aep::app
