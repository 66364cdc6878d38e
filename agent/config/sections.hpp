#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/map_reader.hpp"

/// One function per section of the configuration, each in a file of its own: it reads a map into the option
/// struct that the section's room declares, and reports what is wrong to the reader's context.
namespace aep::config {

/// A destination with the id of its platform, empty where it has none.
struct PlacedDestination {
    Destination options;
    std::string platform;
    bool authenticates = false;  ///< `auth: platform`
};

[[nodiscard]] AgentOptions read_agent(MapReader agent);
[[nodiscard]] Platform read_platform(MapReader platform);
/// `memory_limit` bounds the source's max_record.
[[nodiscard]] Source read_source(MapReader source, std::size_t memory_limit);
/// The keys of the types tcp, udp and unix, and `framing`; of other types they are reported as misplaced.
void read_socket_keys(MapReader& source, source::SourceOptions& options, std::size_t memory_limit);
void pass_over_socket_keys(MapReader& source);
/// Across sources: two that listen at one place, ports and addresses that need thought, and streams whose
/// settings read what a source does not know of its records.
void check_sources(const Value& root, const Config& config, Context& context);
[[nodiscard]] codec::CodecOptions read_codec(MapReader codec);
/// Without its org_id, which the stream's destination knows.
[[nodiscard]] pipeline::StreamOptions read_stream(MapReader stream);
[[nodiscard]] xdm::IdOptions read_entity_id(MapReader id, xdm::IdOptions::From assumed);
[[nodiscard]] xdm::TimestampOptions read_timestamp(MapReader timestamp, xdm::TimestampOptions::From assumed);
/// How the stream's entities are proved, but for its schema files, which `proof` has already.
void read_proof(MapReader& stream, const xdm::EnvelopeOptions& envelope, xdm::ProofOptions& proof);
[[nodiscard]] std::optional<pipeline::InvalidLimit> read_invalid_limit(MapReader& stream);
/// The limits of its platform bound its batches.
[[nodiscard]] PlacedDestination read_destination(MapReader destination,
                                                 const std::vector<Platform>& platforms);
/// Extra request headers of a destination; secrets among them are hidden from the effective configuration.
void read_headers(MapReader& destination, std::vector<std::pair<std::string, std::string>>& out);
/// A relative directory is one under `state_dir`.
[[nodiscard]] store::DeadLetterOptions read_dead_letter(MapReader dead_letter,
                                                        const std::filesystem::path& state_dir);
/// Nothing where `receipts:` is absent.
[[nodiscard]] std::optional<store::ReceiptOptions> read_receipts(MapReader& root,
                                                                 const std::filesystem::path& state_dir);
[[nodiscard]] telemetry::TelemetryOptions read_telemetry(MapReader telemetry);

/// `auth:` of a platform; nothing where it is absent.
[[nodiscard]] std::optional<http::TokenOptions> read_auth(MapReader auth, const std::string& platform);
void read_tls(MapReader tls, http::TlsOptions& options);
/// `proxy:` of a destination or an `auth:`; its credentials are hidden from the effective configuration.
void read_proxy(MapReader& section, std::string& proxy);

/// The id of an entry: required, checked, defined in `registry`.
[[nodiscard]] std::string read_own_id(MapReader& entry, Registry& registry);
/// A reference to the id of an entry elsewhere.
[[nodiscard]] std::string read_reference(MapReader& entry, std::string_view key, Registry& registry);

}  // namespace aep::config
