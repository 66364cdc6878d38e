#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/duration.hpp"
#include "delivery/options.hpp"
#include "pipeline/options.hpp"
#include "source/options.hpp"
#include "store/options.hpp"
#include "telemetry/options.hpp"

namespace aep::config {

/// `agent:`.
struct AgentOptions {
    std::string id;           ///< empty = auto: random, made once, kept in state_dir
    std::size_t workers = 0;  ///< 0 = auto: cores - 1, at least 1
    std::filesystem::path state_dir = "/var/lib/aep-agent";
    base::Millis shutdown_timeout{std::chrono::seconds{30}};
    std::size_t memory_limit = std::size_t{32} << 20U;
};

/// One entry of `platforms:`.
struct Platform {
    std::string id;
    std::string org_id;
    delivery::LimitOptions limits;
    std::optional<http::TokenOptions> auth;
};

/// A destination with the part of it that the pipeline needs.
struct Destination {
    delivery::DestinationOptions delivery;
    pipeline::BatchOptions batch;
    std::string token_platform;  ///< `auth: platform`: whose tokens its requests carry; empty: none
};

/// A source with the codec of its records.
struct Source {
    source::SourceOptions options;
    codec::CodecOptions codec;
    bool entities = false;  ///< not in any file: see pipeline::RouteOptions
};

/// The whole configuration: defaults filled in, references checked, paths absolute, each stream's envelope
/// complete (its org_id comes from the platform of its destination).
struct Config {
    AgentOptions agent;
    std::vector<Platform> platforms;
    std::vector<Source> sources;
    std::vector<pipeline::StreamOptions> streams;
    std::vector<Destination> destinations;
    std::vector<http::TokenOptions> tokens;  ///< of the platforms whose tokens some destination uses
    store::DeadLetterOptions dead_letter;
    std::optional<store::ReceiptOptions> receipts;  ///< absent: none are kept
    telemetry::TelemetryOptions telemetry;

    [[nodiscard]] const pipeline::StreamOptions& stream(const std::string& id) const;
    [[nodiscard]] const Destination& destination(const std::string& id) const;
};

}  // namespace aep::config
