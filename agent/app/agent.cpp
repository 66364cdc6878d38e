#include "app/agent.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "app/proofs.hpp"
#include "app/record_metrics.hpp"
#include "pipeline/pipeline.hpp"
#include "record/buffer.hpp"
#include "record/memory_budget.hpp"
#include "store/dead_letter_file.hpp"
#include "store/store.hpp"
#include "telemetry/log.hpp"

namespace aep::app {
namespace {

std::size_t worker_count(const config::AgentOptions& options) {
    if (options.workers > 0) return options.workers;
    return std::max(2U, std::thread::hardware_concurrency()) - 1;
}

/// What the program itself takes beyond the 16 MiB that are promised for it: its code, the libraries that it
/// maps, OpenSSL's certificates.
constexpr std::size_t kProgram = std::size_t{3} << 20U;

/// What is left of memory_limit for records once every connection has its buffers and some wait for their
/// next use; at least half of it.
std::size_t memory_for_records(const config::Config& config) {
    std::size_t connections = 0;
    for (const config::Destination& destination : config.destinations) {
        connections += destination.delivery.connections;
    }
    const std::size_t limit = config.agent.memory_limit;
    const std::size_t receipts = config.receipts ? delivery::ReceiptWriter::kQueueBytes : 0;
    const std::size_t taken =
        connections * http::kConnectionBytes + record::Buffer::keep_for(limit) + receipts + kProgram;
    return std::max(limit / 2, limit - std::min(limit, taken));
}

}  // namespace

// Members are in the order of the way upstream: what comes later uses what comes earlier, and is destroyed
// first.
struct Agent::Impl {
    explicit Impl(const config::Config& configuration)
        : config{configuration}, budget{memory_for_records(configuration)} {}

    base::Result<void> build(const Options& options);
    /// Null where its requests carry none.
    [[nodiscard]] http::TokenProvider* tokens_of(const config::Destination& destination) const {
        const auto found = tokens.find(destination.token_platform);
        return found == tokens.end() ? nullptr : found->second.get();
    }
    base::Result<void> open_store(const Options& options);
    base::Result<void> open_dead_letters(const Options& options);
    base::Result<void> make_tokens();
    base::Result<void> make_destinations();
    base::Result<void> make_pipeline(const Options& options);
    base::Result<void> make_sources(const Options& options);
    [[nodiscard]] record::Ledger::OnAck on_ack(const Options& options) const;

    const config::Config config;
    telemetry::Metrics metrics;
    telemetry::Health health;
    record::MemoryBudget budget;
    std::map<std::string, record::MemoryShare*> shares;  ///< by destination; owned by the budget
    std::vector<std::unique_ptr<record::RecordCounters>> counters;
    delivery::Traffic traffic;
    std::unique_ptr<store::Store> store;  ///< null for one-shot commands
    std::unique_ptr<store::DeadLetterFile> dead_letters;
    std::map<std::string, std::unique_ptr<http::TokenProvider>> tokens;  ///< by platform
    std::unique_ptr<delivery::ReceiptWriter> receipts;                   ///< null: none are kept
    std::map<std::string, std::unique_ptr<delivery::Destination>> destinations;
    std::unique_ptr<pipeline::Pipeline> pipeline;
    std::vector<std::unique_ptr<source::Source>> sources;
};

base::Result<void> Agent::Impl::build(const Options& options) {
    if (auto opened = open_store(options); !opened) return opened;
    if (auto opened = open_dead_letters(options); !opened) return opened;
    if (auto made = make_tokens(); !made) return made;
    if (auto made = make_destinations(); !made) return made;
    if (auto made = make_pipeline(options); !made) return made;
    if (auto made = make_sources(options); !made) return made;
    metrics.on_collect([this](std::vector<prometheus::MetricFamily>& families) {
        std::vector<SourceView> views;
        for (std::size_t i = 0; i < sources.size(); ++i) views.push_back({*counters[i], *sources[i]});
        append_record_metrics(views, families);
    });
    return {};
}

base::Result<void> Agent::Impl::open_store(const Options& options) {
    if (!options.state_dir) return {};
    auto opened = store::Store::open(*options.state_dir, health);
    if (!opened) return opened.error();
    store = std::move(*opened);
    return {};
}

base::Result<void> Agent::Impl::open_dead_letters(const Options& options) {
    if (options.rejected_file) {
        dead_letters = store::DeadLetterFile::single(*options.rejected_file, metrics, health);
        return {};
    }
    auto opened = store::DeadLetterFile::open(config.dead_letter, metrics, health);
    if (!opened) return opened.error();
    dead_letters = std::move(*opened);
    return {};
}

base::Result<void> Agent::Impl::make_tokens() {
    for (const http::TokenOptions& platform : config.tokens) {
        auto made = http::TokenProvider::create(platform, {metrics, health});
        if (!made) return made.error();
        tokens[platform.platform] = std::move(*made);
    }
    return {};
}

base::Result<void> Agent::Impl::make_destinations() {
    for (const config::Platform& platform : config.platforms) {
        traffic.add_platform(platform.id, platform.limits);
    }
    if (config.receipts) {
        auto opened = delivery::ReceiptWriter::open(*config.receipts, metrics);
        if (!opened) return opened.error();
        receipts = std::move(*opened);
    }
    for (const config::Destination& destination : config.destinations) {
        const std::string& id = destination.delivery.id;
        shares[id] = &budget.add_share(id);
        auto made = delivery::Destination::create(
            destination.delivery,
            {*dead_letters, metrics, health, traffic, tokens_of(destination), receipts.get()});
        if (!made) return made.error();
        destinations[id] = std::move(*made);
    }
    return {};
}

base::Result<void> Agent::Impl::make_pipeline(const Options& options) {
    const Proofs proofs = load_proofs(config);
    for (const std::string& warning : proofs.warnings) {
        telemetry::log::warn("schema_doubtful", "a schema may not be what was meant", {{"problem", warning}});
    }
    if (!proofs.errors.empty()) return base::Error{fmt::format("{}", fmt::join(proofs.errors, "\n"))};
    std::vector<pipeline::RouteOptions> routes;
    for (const config::Source& source : config.sources) {
        const pipeline::StreamOptions& stream = config.stream(source.options.stream);
        routes.push_back({.source = source.options.id,
                          .codec = source.codec,
                          .stream = stream,
                          .batch = config.destination(stream.destination).batch,
                          .proof = source.entities ? nullptr : proofs.by_stream.at(stream.id),
                          .entities = source.entities});
    }
    const auto sink_of = [this](const std::string& id) -> record::BatchSink& { return *destinations.at(id); };
    pipeline = std::make_unique<pipeline::Pipeline>(
        worker_count(config.agent), routes,
        pipeline::Surroundings{options.agent_id, *dead_letters, sink_of, metrics, health});
    return {};
}

base::Result<void> Agent::Impl::make_sources(const Options& options) {
    for (const config::Source& source : config.sources) {
        const pipeline::StreamOptions& stream = config.stream(source.options.stream);
        using Values = record::RecordCounters::Values;
        counters.push_back(std::make_unique<record::RecordCounters>(
            source.options.id, options.make_source ? &Values::replayed : &Values::read));
        const source::Surroundings surroundings{
            .sink = pipeline->sink(),
            .memory = *shares.at(stream.destination),
            .counters = *counters.back(),
            .metrics = metrics,
            .on_ack = on_ack(options),
            .message_overhead = pipeline::Pipeline::message_overhead(stream),
            .positions = store ? &store->positions() : nullptr,
            .hold = &pipeline->hold(stream.id),
        };
        const auto& make = options.make_source ? options.make_source : source::make_source;
        auto made = make(source.options, surroundings, options.on_finished);
        if (!made) return made.error();
        sources.push_back(std::move(*made));
    }
    return {};
}

record::Ledger::OnAck Agent::Impl::on_ack(const Options& options) const {
    if (!store) return options.on_ack;
    return [&positions = store->positions(), also = options.on_ack](const record::Ack& ack) {
        positions.move_to(*ack.origin, ack.position);
        if (also) also(ack);
    };
}

Agent::Agent(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

Agent::~Agent() {
    stop_reading();
    for (const auto& [id, destination] : impl_->destinations) destination->stop();
}

base::Result<std::unique_ptr<Agent>> Agent::create(const config::Config& config, const Options& options) {
    auto impl = std::make_unique<Impl>(config);
    if (auto built = impl->build(options); !built) return built.error();
    return std::unique_ptr<Agent>{new Agent{std::move(impl)}};
}

void Agent::start() {
    for (const auto& source : impl_->sources) source->start();
    impl_->health.set_running(true);
}

bool Agent::sources_finished() const {
    return !impl_->sources.empty() &&
           std::ranges::all_of(impl_->sources, [](const auto& source) { return source->finished(); });
}

void Agent::stop_reading() {
    impl_->health.set_running(false);
    for (const auto& source : impl_->sources) source->stop();
    impl_->pipeline->finish();
}

bool Agent::drain(std::chrono::milliseconds timeout) {
    const auto deadline = base::SteadyClock::now() + timeout;
    const auto left = [deadline] {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - base::SteadyClock::now());
        return std::max(rest, std::chrono::milliseconds{0});
    };
    const bool delivered = std::ranges::all_of(
        impl_->destinations, [&](const auto& destination) { return destination.second->drain(left()); });
    // Refused messages become dead letters: only when nothing can be refused any more is this the end.
    return delivered && impl_->dead_letters->drain(left());
}

bool Agent::commit_positions(std::chrono::milliseconds timeout) {
    return !impl_->store || impl_->store->flush(timeout);
}

record::RecordCounters::Values Agent::totals() const {
    record::RecordCounters::Values sum;
    for (const auto& counters : impl_->counters) sum += counters->snapshot();
    return sum;
}

std::uint64_t Agent::readable_again() const {
    if (!impl_->store) return 0;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < impl_->counters.size(); ++i) {
        const bool has_positions = impl_->config.sources[i].options.type == source::SourceOptions::Type::File;
        if (has_positions) count += impl_->counters[i]->snapshot().in_flight;
    }
    return count;
}

std::vector<source::Source::Progress> Agent::progress() const {
    std::vector<source::Source::Progress> all;
    for (const auto& source : impl_->sources) {
        for (auto& one : source->progress()) all.push_back(std::move(one));
    }
    return all;
}

std::vector<delivery::Destination::State> Agent::destination_states() const {
    std::vector<delivery::Destination::State> states;
    for (const auto& [id, destination] : impl_->destinations) states.push_back(destination->state());
    return states;
}

std::vector<std::string> Agent::held_streams() const {
    std::vector<std::string> held;
    for (const config::Source& source : impl_->config.sources) {
        const std::string& stream = source.options.stream;
        if (impl_->pipeline->hold(stream).held()) held.push_back(stream);
    }
    return held;
}

std::uint64_t Agent::unreadable() const {
    std::uint64_t count = 0;
    for (const auto& source : impl_->sources) count += source->unreadable();
    return count;
}

const telemetry::Metrics& Agent::metrics() const {
    return impl_->metrics;
}

const telemetry::Health& Agent::health() const {
    return impl_->health;
}

}  // namespace aep::app
