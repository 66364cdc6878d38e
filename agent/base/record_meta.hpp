#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace aep::base {

/// What is known of a record besides its contents. Settings and mappings read it by paths that begin with
/// `_meta.`; it never becomes part of an entity by itself. Views into what outlives the record's way through
/// its worker. Confined.
struct RecordMeta {
    std::string_view source = {};  ///< the source's id in the configuration
    std::string_view host = {};    ///< the name of the machine that the agent runs on
    std::string_view file = {};    ///< empty: not from a file
    std::string_view peer = {};    ///< who sent it to a socket; empty: not from a socket
    std::uint64_t offset = 0;      ///< of its first byte, from its reader's start
    WallTime received_at = {};     ///< when it was read
};

enum class MetaField : std::uint8_t { Source, Host, File, Peer, Offset, ReceivedAt };

inline constexpr std::string_view kMetaPrefix = "_meta.";

/// "file" -> File: the name behind the prefix.
[[nodiscard]] std::optional<MetaField> meta_field(std::string_view name);
/// All names, for messages: "source, host, file, peer, offset, received_at".
[[nodiscard]] std::string meta_field_names();

/// Appends the field's value as text (a number in decimal digits, a time as RFC 3339). False, and nothing
/// appended: the record has none.
[[nodiscard]] bool append_meta(const RecordMeta& meta, MetaField field, std::string& out);

}  // namespace aep::base
