#pragma once

#include <filesystem>
#include <string>
#include <string_view>
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
    Strip,   ///< they are taken out and counted
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

    /// Whether a time that is written in this pattern can be read with it: it has a whole date, and no
    /// conversion that does not exist.
    [[nodiscard]] static bool is_readable(const std::string& pattern);
    /// Whether `zone` is a name of this machine's time zone database; UTC needs none.
    [[nodiscard]] static bool is_known_zone(const std::string& zone);
};

/// `validate:` of a stream: what becomes of an entity that the schema or the rules refuse.
enum class Validate {
    Strict,  ///< it is not sent
    Warn,    ///< it is sent and counted
    None,    ///< nobody looks
};

/// `coerce:` of a stream: lossless conversions that are tried where a value as it stands is not valid.
struct CoerceOptions {
    bool string_from_number = false;
    bool number_from_string = false;
    bool timestamp = false;  ///< into the form of date-time that AEP takes
    bool trim = false;       ///< white space around strings
    bool drop_nulls = false;

    [[nodiscard]] bool any() const {
        return string_from_number || number_from_string || timestamp || trim || drop_nulls;
    }
};

/// `identity:` of a stream.
struct IdentityOptions {
    /// JSON pointer to the field that is the primary identity; kInIdentityMap: an entry of identityMap is;
    /// empty: nothing says which.
    std::string primary;
    std::string primary_place;              ///< where that is written, for messages: "agent.yaml:19:25"
    std::vector<std::string> placeholders;  ///< refused as identities, beside those that AEP refuses
    std::vector<std::string> namespaces;    ///< codes that identityMap may have; empty: any
};
inline constexpr std::string_view kInIdentityMap = "/identityMap";

/// How the entities of a stream are proved to be valid before they leave.
struct ProofOptions {
    Validate validate = Validate::Strict;
    /// One schema, and files that it refers to by `$id`; directories stand for their *.json. Empty: only
    /// rules that need no schema.
    std::vector<std::filesystem::path> schema_files;
    UnknownKeys unknown_keys = UnknownKeys::Reject;
    CoerceOptions coerce;
    IdentityOptions identity;
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
