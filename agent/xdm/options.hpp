#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/duration.hpp"

namespace aep::xdm {

enum class StreamKind { ExperienceEvent, Profile };

/// `format:` of a stream.
enum class StreamFormat {
    Xdm,  ///< header and body around an XDM entity
    Raw,  ///< the bare record, mapped by a dataflow of AEP
};

/// `unknown_keys:` of a stream: what becomes of a record's keys that its schema does not name.
enum class UnknownKeys {
    Reject,  ///< the record is invalid, as it is for AEP
    Strip,   ///< they are taken out
    Allow,   ///< they stay, unless the schema itself says `additionalProperties: false`
};

/// `id:` of a stream: where the entity's `_id` comes from.
struct IdOptions {
    enum class From {
        Keep,         ///< only the record's own, where it has one (the default of profiles)
        ContentHash,  ///< the record's own, else a hash of its place and bytes (the default of events)
        Uuid,         ///< the record's own, else a random UUID
        Field,        ///< always the value at `field`
        Hash,         ///< always a hash of the values at `fields`
    };
    From from = From::Keep;
    std::string field;  ///< dotted path
    std::vector<std::string> fields;
};

/// `timestamp:` of a stream: where the entity's `timestamp` comes from.
struct TimestampOptions {
    enum class From {
        None,        ///< not touched (the default of profiles and of format raw)
        Field,       ///< the value at `field`
        IngestTime,  ///< when the record was read
    };
    From from = From::None;
    std::string field = "timestamp";  ///< dotted path
    std::string format = "rfc3339";   ///< rfc3339 | unix_s | unix_ms | a pattern of strptime's conversions
    std::string zone = "UTC";         ///< of a pattern without %z: a name of the IANA time zone database
    base::Millis max_future{std::chrono::minutes{5}};
};

/// What the envelope of a stream's messages needs.
struct EnvelopeOptions {
    StreamKind kind = StreamKind::ExperienceEvent;
    StreamFormat format = StreamFormat::Xdm;
    std::string schema_id;
    std::string schema_version = "1";
    std::string org_id;
    std::string dataset_id;
    std::string flow_id;
    std::string source_name;
    IdOptions id;
    TimestampOptions timestamp;
};

}  // namespace aep::xdm
