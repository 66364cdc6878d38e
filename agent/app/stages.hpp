#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "app/agent.hpp"
#include "app/proofs.hpp"
#include "config/config.hpp"
#include "delivery/destination.hpp"
#include "delivery/disk_buffer.hpp"
#include "delivery/receipt_writer.hpp"
#include "delivery/traffic.hpp"
#include "http/token_provider.hpp"
#include "pipeline/junction.hpp"
#include "pipeline/pipeline.hpp"
#include "record/counters.hpp"
#include "record/memory_budget.hpp"
#include "source/source.hpp"
#include "store/dead_letter_file.hpp"
#include "store/store.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::app {

[[nodiscard]] bool is_buffered_on_disk(const config::Destination& destination);
/// Bytes on disk that all of its disk buffers may take.
[[nodiscard]] std::uint64_t buffer_bytes(const config::Config& config);
/// What is left of memory_limit for records.
[[nodiscard]] std::size_t memory_for_records(const config::Config& config);
[[nodiscard]] std::size_t worker_count(const config::AgentOptions& options);

/// The stages of an Agent, and how each of them is made from a configuration. Owned by the main thread, which
/// alone changes what is here; others take `mutex` to look, and so does the main thread to change.
///
/// Members are in the order of the way upstream: what comes later uses what comes earlier, and is destroyed
/// first.
struct Stages {
    Stages(const config::Config& configuration, const Agent::Options& agent_options);
    ~Stages();
    Stages(const Stages&) = delete;
    Stages& operator=(const Stages&) = delete;

    /// Makes all of them; nothing runs yet.
    [[nodiscard]] base::Result<void> build();

    // How one part of a configuration is made. None of these changes what others see.
    [[nodiscard]] base::Result<std::shared_ptr<http::TokenProvider>> make_tokens(
        const http::TokenOptions& platform);
    [[nodiscard]] base::Result<std::unique_ptr<delivery::Destination>> make_destination(
        const config::Destination& destination, std::shared_ptr<http::TokenProvider> its_tokens);
    /// Takes part in commits from then on.
    [[nodiscard]] base::Result<std::unique_ptr<delivery::DiskBuffer>> make_buffer(
        const config::Destination& destination);
    [[nodiscard]] std::unique_ptr<pipeline::Pipeline> make_pipeline(
        const std::vector<pipeline::RouteOptions>& its_routes);
    [[nodiscard]] base::Result<std::unique_ptr<source::Source>> make_source(const config::Source& source,
                                                                            source::Outlet outlet);
    /// The ways of the records of `of` through the workers.
    [[nodiscard]] static std::vector<pipeline::RouteOptions> routes_of(const config::Config& of,
                                                                       const Proofs& proofs);
    /// `hold` needs the pipeline: it comes from the one that runs.
    [[nodiscard]] source::Outlet outlet_of(const config::Config& of, const config::Source& source);

    /// Null where its requests carry none.
    [[nodiscard]] std::shared_ptr<http::TokenProvider> tokens_of(
        const config::Destination& destination) const;
    [[nodiscard]] record::BatchSink& sink_of(const std::string& destination);
    /// Made where there are none yet. Free-threaded.
    [[nodiscard]] record::RecordCounters& counters_of(const std::string& source);
    /// Of all sources, also of former ones. They live as long as the stages.
    [[nodiscard]] std::vector<record::RecordCounters*> all_counters() const;
    /// Null where it is not configured.
    [[nodiscard]] source::Source* source_of(const std::string& id) const;
    /// Of the source's records in flight, those that the next start takes up again. Under `mutex`.
    [[nodiscard]] std::uint64_t durable_of(const record::RecordCounters& source) const;

    const Agent::Options options;
    mutable std::mutex mutex;
    config::Config config;
    telemetry::Metrics metrics;
    telemetry::Health health;
    record::MemoryBudget budget;
    std::map<std::string, record::MemoryShare*> shares;  ///< by destination; owned by the budget
    mutable std::mutex counters_mutex;
    /// By source; also of those that are not configured any more.
    std::map<std::string, std::unique_ptr<record::RecordCounters>> counters;
    delivery::Traffic traffic;
    std::unique_ptr<store::Store> store;  ///< null for one-shot commands
    /// By destination; before the dead letters, whose thread settles records of their batches.
    std::map<std::string, std::unique_ptr<delivery::DiskBuffer>> buffers;
    std::vector<std::unique_ptr<delivery::DiskBuffer>> former_buffers;  ///< likewise
    std::unique_ptr<store::DeadLetterFile> dead_letters;
    std::map<std::string, std::shared_ptr<http::TokenProvider>> tokens;  ///< by platform
    std::unique_ptr<delivery::ReceiptWriter> receipts;                   ///< null: none are kept
    std::map<std::string, std::unique_ptr<delivery::Destination>> destinations;
    std::vector<pipeline::RouteOptions> routes;  ///< of the pipeline
    std::unique_ptr<pipeline::Pipeline> pipeline;
    pipeline::Junction junction;
    std::map<std::string, std::unique_ptr<source::Source>> sources;
    /// Stopped because they are not configured any more, but not done; each waits for its id to come back.
    std::map<std::string, std::unique_ptr<source::Source>> parked;
    std::set<std::string> with_positions;  ///< ids of sources, also former ones, that keep positions
    bool buffers_left = false;

  private:
    base::Result<void> open_store();
    base::Result<void> open_dead_letters();
    base::Result<void> open_receipts();
    base::Result<void> make_destinations();
    base::Result<void> make_first_pipeline();
    base::Result<void> make_sources();
    void report_left_over() const;
    void collect(std::vector<prometheus::MetricFamily>& families) const;
    [[nodiscard]] record::Ledger::OnAck on_ack() const;
};

}  // namespace aep::app
