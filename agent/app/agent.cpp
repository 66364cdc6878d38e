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
#include "delivery/disk_buffer.hpp"
#include "pipeline/pipeline.hpp"
#include "record/buffer.hpp"
#include "record/memory_budget.hpp"
#include "store/batch_table.hpp"
#include "store/dead_letter_file.hpp"
#include "store/store.hpp"
#include "telemetry/log.hpp"

namespace aep::app {
namespace {

std::size_t worker_count(const config::AgentOptions& options) {
    if (options.workers > 0) return options.workers;
    return std::max(2U, std::thread::hardware_concurrency()) - 1;
}

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
    const std::size_t commits = buffer_bytes(config) > 0 ? delivery::DiskBuffer::kCommitBytes : 0;
    const std::size_t taken = connections * http::kConnectionBytes + record::Buffer::keep_for(limit) +
                              receipts + commits + kProgram;
    return std::max(limit / 2, limit - std::min(limit, taken));
}

}  // namespace

// Members are in the order of the way upstream: what comes later uses what comes earlier, and is destroyed
// first.
struct Agent::Impl {
    explicit Impl(const config::Config& configuration)
        : config{configuration}, budget{memory_for_records(configuration)} {}

    /// Before the buffers go, which take part in its commits.
    ~Impl() {
        if (store) store->close();
    }

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
    base::Result<void> make_buffer(const config::Destination& destination);
    void report_left_over();
    [[nodiscard]] record::RecordCounters& counters_of(const std::string& source);
    [[nodiscard]] record::BatchSink& sink_of(const std::string& destination);
    base::Result<void> make_pipeline(const Options& options);
    base::Result<void> make_sources(const Options& options);
    [[nodiscard]] record::Ledger::OnAck on_ack(const Options& options) const;

    const config::Config config;
    telemetry::Metrics metrics;
    telemetry::Health health;
    record::MemoryBudget budget;
    std::map<std::string, record::MemoryShare*> shares;             ///< by destination; owned by the budget
    std::vector<std::unique_ptr<record::RecordCounters>> counters;  ///< as config.sources
    /// Of sources that are not configured any more; only added to while the stages are made.
    std::map<std::string, std::unique_ptr<record::RecordCounters>> former_counters;
    delivery::Traffic traffic;
    std::unique_ptr<store::Store> store;  ///< null for one-shot commands
    /// By destination; before the dead letters, whose thread settles records of their batches.
    std::map<std::string, std::unique_ptr<delivery::DiskBuffer>> buffers;
    std::unique_ptr<store::DeadLetterFile> dead_letters;
    std::map<std::string, std::unique_ptr<http::TokenProvider>> tokens;  ///< by platform
    std::unique_ptr<delivery::ReceiptWriter> receipts;                   ///< null: none are kept
    std::map<std::string, std::unique_ptr<delivery::Destination>> destinations;
    std::unique_ptr<pipeline::Pipeline> pipeline;
    std::vector<std::unique_ptr<source::Source>> sources;
    std::filesystem::path state_dir;  ///< empty for one-shot commands
    bool buffers_left = false;
};

base::Result<void> Agent::Impl::build(const Options& options) {
    for (const config::Source& source : config.sources) {
        using Values = record::RecordCounters::Values;
        counters.push_back(std::make_unique<record::RecordCounters>(
            source.options.id, options.make_source ? &Values::replayed : &Values::read));
    }
    if (auto opened = open_store(options); !opened) return opened;
    if (auto opened = open_dead_letters(options); !opened) return opened;
    if (auto made = make_tokens(); !made) return made;
    if (auto made = make_destinations(); !made) return made;
    if (auto made = make_pipeline(options); !made) return made;
    if (auto made = make_sources(options); !made) return made;
    metrics.on_collect([this](std::vector<prometheus::MetricFamily>& families) {
        std::vector<SourceView> views;
        for (std::size_t i = 0; i < sources.size(); ++i) views.push_back({*counters[i], sources[i].get()});
        for (const auto& [source, former] : former_counters) views.push_back({*former, nullptr});
        append_record_metrics(views, families);
    });
    return {};
}

base::Result<void> Agent::Impl::open_store(const Options& options) {
    if (!options.state_dir) return {};
    state_dir = *options.state_dir;
    auto opened = store::Store::open(state_dir, health, buffer_bytes(config));
    if (!opened) return opened.error();
    store = std::move(*opened);
    report_left_over();
    return {};
}

/// Batches that nobody will send: a person has to decide.
void Agent::Impl::report_left_over() {
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
        if (store == nullptr || !is_buffered_on_disk(destination)) continue;
        if (auto buffered = make_buffer(destination); !buffered) return buffered;
    }
    return {};
}

base::Result<void> Agent::Impl::make_buffer(const config::Destination& destination) {
    const std::string& id = destination.delivery.id;
    auto opened = delivery::DiskBuffer::open(
        destination.delivery, {.store = *store,
                               .memory = *shares.at(id),
                               .counters_of = [this](const std::string& source) -> record::RecordCounters& {
                                   return counters_of(source);
                               },
                               .metrics = metrics,
                               .health = health,
                               .quarantine = state_dir / "quarantine",
                               .window_bytes = budget.limit() / 4});
    if (!opened) return opened.error();
    buffers[id] = std::move(*opened);
    return {};
}

record::RecordCounters& Agent::Impl::counters_of(const std::string& source) {
    for (const auto& known : counters) {
        if (known->source() == source) return *known;
    }
    // What is in a buffer is known from the start; the map only grows then.
    auto& former = former_counters[source];
    if (!former) former = std::make_unique<record::RecordCounters>(source);
    return *former;
}

record::BatchSink& Agent::Impl::sink_of(const std::string& destination) {
    const auto buffered = buffers.find(destination);
    if (buffered != buffers.end()) return *buffered->second;
    return *destinations.at(destination);
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
    pipeline = std::make_unique<pipeline::Pipeline>(
        worker_count(config.agent), routes,
        pipeline::Surroundings{options.agent_id, *dead_letters,
                               [this](const std::string& id) -> record::BatchSink& { return sink_of(id); },
                               metrics, health});
    return {};
}

base::Result<void> Agent::Impl::make_sources(const Options& options) {
    for (const config::Source& source : config.sources) {
        const pipeline::StreamOptions& stream = config.stream(source.options.stream);
        const source::Surroundings surroundings{
            .sink = pipeline->sink(),
            .memory = *shares.at(stream.destination),
            .counters = counters_of(source.options.id),
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
    leave_buffered();
    for (const auto& [id, destination] : impl_->destinations) destination->stop();
    impl_->dead_letters.reset();  // the last who settles anything; then comes the last commit
}

base::Result<std::unique_ptr<Agent>> Agent::create(const config::Config& config, const Options& options) {
    auto impl = std::make_unique<Impl>(config);
    if (auto built = impl->build(options); !built) return built.error();
    return std::unique_ptr<Agent>{new Agent{std::move(impl)}};
}

void Agent::start() {
    for (const auto& [id, buffer] : impl_->buffers) buffer->start(*impl_->destinations.at(id));
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

void Agent::leave_buffered() {
    for (const auto& [id, buffer] : impl_->buffers) buffer->stop();
    impl_->buffers_left = true;
}

bool Agent::has_disk_buffer() const {
    return !impl_->buffers.empty();
}

bool Agent::drain(std::chrono::milliseconds timeout) {
    const auto deadline = base::SteadyClock::now() + timeout;
    const auto left = [deadline] {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - base::SteadyClock::now());
        return std::max(rest, std::chrono::milliseconds{0});
    };
    const bool delivered = std::ranges::all_of(impl_->destinations, [&](const auto& entry) {
        const auto& [id, destination] = entry;
        const auto buffer = impl_->buffers.find(id);
        if (buffer == impl_->buffers.end()) return destination->drain(left());
        if (!buffer->second->drain(left())) return false;
        // Requests under way are worth waiting for, unless nothing gets through anyway.
        return (impl_->buffers_left && !destination->state().trouble.empty()) || destination->drain(left());
    });
    // Refused messages become dead letters: only when nothing can be refused any more is this the end.
    return delivered && impl_->dead_letters->drain(left());
}

bool Agent::commit_positions(std::chrono::milliseconds timeout) {
    return !impl_->store || impl_->store->flush(timeout);
}

record::RecordCounters::Values Agent::totals() const {
    record::RecordCounters::Values sum;
    for (const auto& counters : impl_->counters) sum += counters->snapshot();
    for (const auto& [source, former] : impl_->former_counters) sum += former->snapshot();
    return sum;
}

std::uint64_t Agent::durable() const {
    if (!impl_->store) return 0;
    std::uint64_t count = 0;
    for (const config::Source& source : impl_->config.sources) {
        const bool has_positions = source.options.type == source::SourceOptions::Type::File;
        if (has_positions) count += impl_->counters_of(source.options.id).snapshot().in_flight;
        if (has_positions) continue;
        for (const auto& [id, buffer] : impl_->buffers) count += buffer->records_of(source.options.id);
    }
    for (const auto& [id, former] : impl_->former_counters) count += former->snapshot().in_flight;
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
