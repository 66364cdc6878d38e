#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {
namespace {

using pipeline::OnInvalid;
using pipeline::Order;
using xdm::StreamFormat;
using xdm::StreamKind;

const Words<StreamKind> kKinds{
    {{"experience_event", StreamKind::ExperienceEvent}, {"profile", StreamKind::Profile}}};
const Words<StreamFormat> kFormats{{{"xdm", StreamFormat::Xdm}, {"raw", StreamFormat::Raw}}};
const Words<OnInvalid> kOnInvalid{{{"dead_letter", OnInvalid::DeadLetter}, {"drop", OnInvalid::Drop}}};
const Words<Order> kOrders{{{"none", Order::None}, {"source", Order::Source}}};

void read_schema(MapReader schema, bool required, xdm::EnvelopeOptions& envelope,
                 std::vector<std::filesystem::path>& files) {
    if (required && schema.present()) schema.require("id", "id: https://ns.adobe.com/TENANT/schemas/HASH");
    schema.text("id", envelope.schema_id, check_schema_id);
    schema.text("version", envelope.schema_version, check_schema_version);
    schema.paths("file", files);
    schema.finish();
}

/// What a message consists of.
void read_envelope(MapReader& stream, xdm::EnvelopeOptions& envelope,
                   std::vector<std::filesystem::path>& schema_files) {
    stream.require("kind", "kind: experience_event` or `kind: profile");
    stream.choice("kind", envelope.kind, kKinds);
    stream.choice("format", envelope.format, kFormats);
    const bool xdm = envelope.format == StreamFormat::Xdm;
    if (xdm) stream.require("schema", "schema: {id: 'https://ns.adobe.com/TENANT/schemas/HASH'}");
    read_schema(stream.section("schema"), xdm, envelope, schema_files);
    if (xdm) stream.require("dataset_id", "dataset_id: 24 HEX DIGITS");
    stream.text("dataset_id", envelope.dataset_id, check_dataset_id);
    if (!xdm) stream.require("flow_id", "flow_id: UUID");
    stream.text("flow_id", envelope.flow_id, check_uuid);
    stream.text("source_name", envelope.source_name, check_source_name);
}

/// Events of format xdm need an `_id` and a timestamp; AEP refuses them without.
void read_generated(MapReader& stream, xdm::EnvelopeOptions& envelope) {
    const bool event = envelope.kind == StreamKind::ExperienceEvent && envelope.format == StreamFormat::Xdm;
    using Id = xdm::IdOptions::From;
    using Time = xdm::TimestampOptions::From;
    envelope.id = read_entity_id(stream.section("entity_id", "from"), event ? Id::ContentHash : Id::Keep);
    envelope.timestamp =
        read_timestamp(stream.section("timestamp", "from"), event ? Time::Field : Time::None);
}

}  // namespace

pipeline::StreamOptions read_stream(MapReader stream) {
    pipeline::StreamOptions options;
    options.id = read_own_id(stream, stream.context().streams);
    stream.require("destination", "destination: ID");
    options.destination = read_reference(stream, "destination", stream.context().destinations);
    read_envelope(stream, options.envelope, options.proof.schema_files);
    read_generated(stream, options.envelope);
    read_proof(stream, options.envelope, options.proof);
    stream.choice("on_invalid", options.on_invalid, kOnInvalid);
    if (options.envelope.kind == StreamKind::Profile) options.order = Order::Source;  // the last upsert wins
    stream.choice("order", options.order, kOrders);
    options.invalid_limit = read_invalid_limit(stream);
    stream.later("mapping");
    stream.finish();
    return options;
}

}  // namespace aep::config
