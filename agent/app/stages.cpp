#include "app/stages.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "app/record_metrics.hpp"
#include "record/buffer.hpp"
#include "store/batch_table.hpp"
#include "telemetry/log.hpp"

namespace aep::app {
namespace {

/// What the program itself takes beyond the 16 MiB that are promised for it: its code, the libraries that it
/// maps, OpenSSL's certificates.
constexpr std::size_t kProgram = std::size_t{3} << 20U;

bool keeps_positions(const config::Source& source) {
    return source.options.type == source::SourceOptions::Type::File;
}

}  // namespace

bool is_buffered_on_disk(const config::Destination& destination) {
    return destination.delivery.buffer.type == delivery::BufferOptions::Type::Disk;
}

std::uint64_t buffer_bytes(const config::Config& config) {
    std::uint64_t sum = 0;
    for (const config::Destination& destination : config.destinations) {
        if (is_buffered_on_disk(destination)) sum += destination.delivery.buffer.max_bytes;
    }
    return sum;
}

/// Less what every connection has for its buffers, and what waits for its next use; at least half of it.
std::size_t memory_for_records(const config::Config& config) {
    std::size_t connections = 0;
    for (const config::Destination& destination : config.destinations) {
        connections += destination.delivery.connections;
    }
    const std::size_t limit = config.agent.memory_limit;
    const std::size_t receipts = config.receipts ? delivery::ReceiptWriter::kQueueBytes : 0;
    const std::size_t commits = buffer_bytes(config) > 0 ? delivery::DiskBuffer::kCommitBytes : 0;
    const std::size_t taken = connections * http::kConnectionBytes + record::Buffer::keep_for(limit) +
                              receipts + commits + kProgram;
    return std::max(limit / 2, limit - std::min(limit, taken));
}

std::size_t worker_count(const config::AgentOptions& options) {
    if (options.workers > 0) return options.workers;
    return std::max(2U, std::thread::hardware_concurrency()) - 1;
}

Stages::Stages(const config::Config& configuration, const Agent::Options& agent_options)
    : options{agent_options}, config{configuration}, budget{memory_for_records(configuration)} {}

/// The sources have a last word about what was settled, and the buffers take part in the commits.
Stages::~Stages() {
    sources.clear();
    parked.clear();
    if (store) store->close();
}

base::Result<void> Stages::build() {
    for (const config::Source& source : config.sources) (void)counters_of(source.options.id);
    for (const auto step :
         {&Stages::open_store, &Stages::open_dead_letters, &Stages::open_receipts, &Stages::make_destinations,
          &Stages::make_first_pipeline, &Stages::make_sources}) {
        if (auto done = (this->*step)(); !done) return done;
    }
    metrics.on_collect([this](std::vector<prometheus::MetricFamily>& families) { collect(families); });
    return {};
}

void Stages::collect(std::vector<prometheus::MetricFamily>& families) const {
    const std::lock_guard lock{mutex};
    std::vector<SourceView> views;
    for (const record::RecordCounters* one : all_counters())
        views.push_back({*one, source_of(one->source())});
    append_record_metrics(views, families);
}

base::Result<void> Stages::open_store() {
    if (!options.state_dir) return {};
    auto opened = store::Store::open(*options.state_dir, health, buffer_bytes(config));
    if (!opened) return opened.error();
    store = std::move(*opened);
    report_left_over();
    return {};
}

/// Batches that nobody will send: a person has to decide.
void Stages::report_left_over() const {
    const auto transaction = store->environment().begin_read();
    if (!transaction) return;
    const auto waiting = store::batch_bytes(*transaction);
    if (!waiting) return;
    for (const auto& [id, bytes] : *waiting) {
        const bool sent =
            std::ranges::any_of(config.destinations, [&id = id](const config::Destination& one) {
                return one.delivery.id == id && is_buffered_on_disk(one);
            });
        if (sent) continue;
        telemetry::log::warn("buffer_left_over",
                             "batches wait in the disk buffer of a destination that has none in the "
                             "configuration: they are kept and not sent",
                             {{"destination", id}, {"bytes", bytes}});
    }
}

base::Result<void> Stages::open_dead_letters() {
    if (options.rejected_file) {
        dead_letters = store::DeadLetterFile::single(*options.rejected_file, metrics, health);
        return {};
    }
    auto opened = store::DeadLetterFile::open(config.dead_letter, metrics, health);
    if (!opened) return opened.error();
    dead_letters = std::move(*opened);
    return {};
}

base::Result<void> Stages::open_receipts() {
    if (!config.receipts) return {};
    auto opened = delivery::ReceiptWriter::open(*config.receipts, metrics);
    if (!opened) return opened.error();
    receipts = std::move(*opened);
    return {};
}

base::Result<void> Stages::make_destinations() {
    for (const http::TokenOptions& platform : config.tokens) {
        auto made = make_tokens(platform);
        if (!made) return made.error();
        tokens[platform.platform] = std::move(*made);
    }
    for (const config::Platform& platform : config.platforms) {
        traffic.set_platform(platform.id, platform.limits);
    }
    for (const config::Destination& destination : config.destinations) {
        const std::string& id = destination.delivery.id;
        shares[id] = &budget.add_share(id);
        auto made = make_destination(destination, tokens_of(destination));
        if (!made) return made.error();
        destinations[id] = std::move(*made);
        if (store == nullptr || !is_buffered_on_disk(destination)) continue;
        auto buffered = make_buffer(destination);
        if (!buffered) return buffered.error();
        buffers[id] = std::move(*buffered);
    }
    return {};
}

base::Result<void> Stages::make_first_pipeline() {
    const Proofs proofs = load_proofs(config);
    for (const std::string& warning : proofs.warnings) {
        telemetry::log::warn("schema_doubtful", "a schema may not be what was meant", {{"problem", warning}});
    }
    if (!proofs.errors.empty()) return base::Error{fmt::format("{}", fmt::join(proofs.errors, "\n"))};
    routes = routes_of(config, proofs);
    pipeline = make_pipeline(routes);
    junction.lead_to(pipeline->sink());
    return {};
}

base::Result<void> Stages::make_sources() {
    for (const config::Source& source : config.sources) {
        auto made = make_source(source, outlet_of(config, source));
        if (!made) return made.error();
        sources[source.options.id] = std::move(*made);
    }
    return {};
}

base::Result<std::shared_ptr<http::TokenProvider>> Stages::make_tokens(const http::TokenOptions& platform) {
    auto made = http::TokenProvider::create(platform, {metrics, health});
    if (!made) return made.error();
    return std::shared_ptr<http::TokenProvider>{std::move(*made)};
}

base::Result<std::unique_ptr<delivery::Destination>> Stages::make_destination(
    const config::Destination& destination, std::shared_ptr<http::TokenProvider> its_tokens) {
    return delivery::Destination::create(destination.delivery,
                                         {*dead_letters, metrics, health, traffic, receipts.get()},
                                         std::move(its_tokens));
}

base::Result<std::unique_ptr<delivery::DiskBuffer>> Stages::make_buffer(
    const config::Destination& destination) {
    return delivery::DiskBuffer::open(
        destination.delivery, {.store = *store,
                               .memory = *shares.at(destination.delivery.id),
                               .counters_of = [this](const std::string& source) -> record::RecordCounters& {
                                   return counters_of(source);
                               },
                               .metrics = metrics,
                               .health = health,
                               .quarantine = *options.state_dir / "quarantine",
                               .window_bytes = budget.limit() / 4});
}

std::unique_ptr<pipeline::Pipeline> Stages::make_pipeline(
    const std::vector<pipeline::RouteOptions>& its_routes) {
    return std::make_unique<pipeline::Pipeline>(
        worker_count(config.agent), its_routes,
        pipeline::Surroundings{options.agent_id, *dead_letters,
                               [this](const std::string& id) -> record::BatchSink& { return sink_of(id); },
                               metrics, health});
}

base::Result<std::unique_ptr<source::Source>> Stages::make_source(const config::Source& source,
                                                                  source::Outlet outlet) {
    if (keeps_positions(source)) with_positions.insert(source.options.id);
    const source::Surroundings surroundings{
        .sink = junction,
        .outlet = std::move(outlet),
        .counters = counters_of(source.options.id),
        .metrics = metrics,
        .on_ack = on_ack(),
        .positions = store ? &store->positions() : nullptr,
    };
    const auto& make = options.make_source ? options.make_source : source::make_source;
    return make(source.options, surroundings, options.on_finished);
}

std::vector<pipeline::RouteOptions> Stages::routes_of(const config::Config& of, const Proofs& proofs) {
    std::vector<pipeline::RouteOptions> made;
    for (const config::Source& source : of.sources) {
        const pipeline::StreamOptions& stream = of.stream(source.options.stream);
        made.push_back({.source = source.options.id,
                        .codec = source.codec,
                        .stream = stream,
                        .batch = of.destination(stream.destination).batch,
                        .proof = source.entities ? nullptr : proofs.by_stream.at(stream.id),
                        .entities = source.entities});
    }
    return made;
}

source::Outlet Stages::outlet_of(const config::Config& of, const config::Source& source) {
    const pipeline::StreamOptions& stream = of.stream(source.options.stream);
    return {.memory = shares.at(stream.destination),
            .message_overhead = pipeline::Pipeline::message_overhead(stream),
            .hold = pipeline->hold(stream.id)};
}

std::shared_ptr<http::TokenProvider> Stages::tokens_of(const config::Destination& destination) const {
    const auto found = tokens.find(destination.token_platform);
    return found == tokens.end() ? nullptr : found->second;
}

record::BatchSink& Stages::sink_of(const std::string& destination) {
    const auto buffered = buffers.find(destination);
    if (buffered != buffers.end()) return *buffered->second;
    return *destinations.at(destination);
}

record::RecordCounters& Stages::counters_of(const std::string& source) {
    using Values = record::RecordCounters::Values;
    const std::lock_guard lock{counters_mutex};
    auto& found = counters[source];
    if (!found) {
        found = std::make_unique<record::RecordCounters>(
            source, options.make_source ? &Values::replayed : &Values::read);
    }
    return *found;
}

std::vector<record::RecordCounters*> Stages::all_counters() const {
    const std::lock_guard lock{counters_mutex};
    std::vector<record::RecordCounters*> all;
    for (const auto& [source, its_counters] : counters) all.push_back(its_counters.get());
    return all;
}

source::Source* Stages::source_of(const std::string& id) const {
    const auto found = sources.find(id);
    return found == sources.end() ? nullptr : found->second.get();
}

std::uint64_t Stages::durable_of(const record::RecordCounters& source) const {
    if (!store) return 0;
    if (with_positions.contains(source.source())) return source.snapshot().in_flight;
    std::uint64_t count = source.left_in_buffer();
    for (const auto& [id, buffer] : buffers) count += buffer->records_of(source.source());
    return count;
}

record::Ledger::OnAck Stages::on_ack() const {
    if (!store) return options.on_ack;
    return [&positions = store->positions(), also = options.on_ack](const record::Ack& ack) {
        positions.move_to(*ack.origin, ack.position, ack.tail);
        if (also) also(ack);
    };
}

}  // namespace aep::app
