#include "xdm/message_renderer.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json_text.hpp"
#include "base/random.hpp"
#include "xdm/entity_edits.hpp"
#include "xdm/envelope.hpp"
#include "xdm/member_text.hpp"
#include "xdm/text_rewrite.hpp"
#include "xdm/timestamp.hpp"
#include "xdm/value_path.hpp"

namespace aep::xdm {

namespace dom = simdjson::dom;

struct MessageRenderer::Impl {
    Impl(const EnvelopeOptions& envelope_options, std::shared_ptr<const Proof> proof);

    bool prepare(const dom::element& value, std::string_view bytes, const RecordPlace& place);
    bool attempt(const dom::element& value, const RecordPlace& place);
    bool repair(dom::element value, const RecordPlace& place, bool is_valid);
    [[nodiscard]] bool must_strip() const { return prover && prover->must_strip(); }
    bool shape(const dom::element& value, const RecordPlace& place);

    // Each step returns false after it has filled `rejection`.
    bool find_members(const dom::object& entity);
    bool settle_id(const dom::element& entity, const RecordPlace& place);
    bool keep_own_id();
    bool id_from_field(const dom::element& entity, const base::RecordMeta& meta);
    bool id_from_hash(const dom::element& entity, const base::RecordMeta& meta);
    bool settle_timestamp(const dom::element& entity, const RecordPlace& place);
    bool timestamp_from_field(const dom::element& entity, base::WallTime now);
    bool not_in_future(base::WallTime time, base::WallTime now);

    bool meta_missing(const ValuePath& path, std::string_view setting);

    void set_id(std::string_view id);
    void set_hex_id(const HexId& id);
    void put_id_member();
    void set_timestamp(base::WallTime time);
    void set_member(std::string_view key, bool present, std::string_view json, std::string& member);

    bool reject(std::string_view code, std::string_view keyword, std::string pointer, std::string message);

    const EnvelopeOptions options;
    const Envelope envelope;
    const ValuePath id_path;
    const std::vector<ValuePath> hash_paths;
    const ValuePath timestamp_path;
    const TimestampPattern timestamp_pattern;
    const bool timestamp_is_own_text;  ///< the record's `timestamp` is sent as it stands
    std::optional<EntityProver> prover;

    // Of the record at hand.
    std::string_view record_text;  ///< as it was read
    std::string_view text;         ///< the same, or what repairs made of it
    std::optional<dom::element> own_id;
    std::optional<dom::element> own_timestamp;
    EntityEdits edits;
    MadeMembers made;
    std::string id_text;
    std::string timestamp_text;
    std::string id_member;         ///< `"_id":"..."`, reused
    std::string timestamp_member;  ///< `"timestamp":"..."`, reused
    std::string scratch;
    std::string meta_text;
    MemberText members;
    Rejection rejection;

    // Of records that are repaired.
    TextRewrite rewrite;
    std::string repaired;
    dom::parser reparser;
    Repairs repairs;
    std::vector<Violation> tolerated;
};

namespace {

std::vector<ValuePath> parse_paths(const std::vector<std::string>& dotted) {
    std::vector<ValuePath> paths;
    paths.reserve(dotted.size());
    for (const std::string& path : dotted) paths.emplace_back(path);
    return paths;
}

/// With its length, so that ("ab","c") and ("a","bc") differ.
void append_part(std::string& parts, std::string_view part) {
    parts += std::to_string(part.size());
    parts += ':';
    parts += part;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
    return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

}  // namespace

MessageRenderer::Impl::Impl(const EnvelopeOptions& envelope_options, std::shared_ptr<const Proof> proof)
    : options{envelope_options},
      envelope{render_envelope(options)},
      id_path{options.id.field},
      hash_paths{parse_paths(options.id.fields)},
      timestamp_path{options.timestamp.field},
      timestamp_pattern{options.timestamp.format, options.timestamp.zone},
      timestamp_is_own_text{options.timestamp.field == "timestamp" && options.timestamp.format == "rfc3339"} {
    if (proof) prover.emplace(std::move(proof));
}

bool MessageRenderer::Impl::reject(std::string_view code, std::string_view keyword, std::string pointer,
                                   std::string message) {
    rejection = {.code = code, .violations = {{keyword, std::move(pointer), "", std::move(message)}}};
    return false;
}

bool MessageRenderer::Impl::prepare(const dom::element& value, std::string_view bytes,
                                    const RecordPlace& place) {
    record_text = text = trim(bytes);
    repairs = {};
    tolerated.clear();
    const bool is_valid = attempt(value, place);
    if (is_valid && !must_strip()) return true;
    if (!prover || !value.is_object()) return false;
    if (repair(value, place, is_valid)) return true;
    if (prover->proof().mode != Validate::Warn) return false;
    // The record goes as it came, unless it cannot be a message at all.
    text = record_text;
    const Rejection why = std::exchange(rejection, {});
    if (!shape(value, place)) return false;
    tolerated = why.violations;
    return true;
}

/// Shapes `text`, whose value this is, into an entity and proves that.
bool MessageRenderer::Impl::attempt(const dom::element& value, const RecordPlace& place) {
    if (!shape(value, place)) return false;
    if (!prover || prover->check(value, made)) return true;
    const auto violations = prover->report().violations();
    rejection = {.code = prover->code(), .violations = {violations.begin(), violations.end()}};
    return false;
}

/// Repairs the record step by step, as one conversion can make way for another. False: it cannot be made
/// valid, and rejection tells what is wrong with it as it came.
bool MessageRenderer::Impl::repair(dom::element value, const RecordPlace& place, bool is_valid) {
    constexpr int kMostRounds = 100;  // up to five values each
    std::optional<Rejection> first;
    for (int round = 0; round < kMostRounds; ++round) {
        const auto changes =
            is_valid ? prover->strip(value, repairs) : prover->coerce(value, rejection.violations, repairs);
        // What cannot be stripped is what the agent made, and not for the record to answer for.
        if (changes.empty() && is_valid) return true;
        if (changes.empty()) break;
        if (!first && !is_valid) first = rejection;
        repaired = rewrite.apply(text, changes);
        repaired.reserve(repaired.size() + simdjson::SIMDJSON_PADDING);
        text = repaired;
        constexpr bool kCopyToPad = false;
        if (reparser.parse(text.data(), text.size(), kCopyToPad).get(value) != simdjson::SUCCESS) break;
        is_valid = attempt(value, place);
        if (is_valid && !must_strip()) return true;
    }
    repairs = {};
    if (first) rejection = *std::move(first);
    return false;
}

bool MessageRenderer::Impl::shape(const dom::element& value, const RecordPlace& place) {
    dom::object entity;
    if (value.get(entity) != simdjson::SUCCESS) {
        return reject("not_an_object", "type", "", "a record must be a JSON object");
    }
    edits.reset(text);
    made = {};
    return find_members(entity) && settle_id(value, place) && settle_timestamp(value, place);
}

bool MessageRenderer::Impl::find_members(const dom::object& entity) {
    own_id.reset();
    own_timestamp.reset();
    bool has_identity_map = false;
    // AEP's reader takes the last of two members with one name, others the first: nobody can say which is
    // meant.
    const auto twice = [&](std::string_view key) {
        return reject("duplicate_key", "uniqueKeys", fmt::format("/{}", key),
                      "the key stands in the record twice");
    };
    const auto take = [&](std::optional<dom::element>& slot, const dom::key_value_pair& member) {
        if (slot) return twice(member.key);
        slot = member.value;
        return true;
    };
    for (const auto member : entity) {
        if (member.key == "_id" && !take(own_id, member)) return false;
        if (member.key == "timestamp" && !take(own_timestamp, member)) return false;
        if (member.key == "identityMap" && std::exchange(has_identity_map, true)) return twice(member.key);
    }
    return true;
}

// --- _id
// ----------------------------------------------------------------------------------------------------------

bool MessageRenderer::Impl::settle_id(const dom::element& entity, const RecordPlace& place) {
    switch (options.id.from) {
        case IdOptions::From::Field:
            return id_from_field(entity, place.meta);
        case IdOptions::From::Hash:
            return id_from_hash(entity, place.meta);
        case IdOptions::From::Keep:
            return !own_id || keep_own_id();
        case IdOptions::From::ContentHash: {
            if (own_id) return keep_own_id();
            set_hex_id(content_hash(place.seed, place.meta.offset, record_text));
            return true;
        }
        case IdOptions::From::Uuid: {
            if (own_id) return keep_own_id();
            set_id(base::random_uuid());
            return true;
        }
    }
    return true;
}

bool MessageRenderer::Impl::keep_own_id() {
    std::string_view id;
    if (own_id->get(id) == simdjson::SUCCESS) {
        if (id.empty()) return reject("id_invalid", "minLength", "/_id", "_id must not be empty");
        return true;
    }
    if (!own_id->is_number()) {
        return reject("id_invalid", "type", "/_id", "_id must be a string that is not empty, or a number");
    }
    // AEP takes only strings; the digits are kept as they are written.
    const std::string_view number = members.find(text, "_id");
    scratch.assign(number);
    set_id(scratch);
    return true;
}

bool MessageRenderer::Impl::id_from_field(const dom::element& entity, const base::RecordMeta& meta) {
    if (id_path.meta()) {
        scratch.clear();
        if (!append_meta(meta, *id_path.meta(), scratch)) return meta_missing(id_path, "id.field");
        set_id(scratch);
        return true;
    }
    const auto found = id_path.find(entity);
    if (!found) {
        return reject("id_missing", "required", id_path.pointer(),
                      fmt::format("id.field '{}' is not in the record", options.id.field));
    }
    std::string_view id;
    if (found->get(id) == simdjson::SUCCESS && !id.empty()) {
        scratch.assign(id);
    } else if (found->is_int64() || found->is_uint64()) {
        scratch = simdjson::minify(*found);
    } else {
        return reject("id_invalid", "type", id_path.pointer(),
                      fmt::format("id.field '{}' must hold a string that is not empty, or an integer",
                                  options.id.field));
    }
    set_id(scratch);
    return true;
}

bool MessageRenderer::Impl::id_from_hash(const dom::element& entity, const base::RecordMeta& meta) {
    scratch.clear();
    for (std::size_t i = 0; i < hash_paths.size(); ++i) {
        if (hash_paths[i].meta()) {
            meta_text.clear();
            if (!append_meta(meta, *hash_paths[i].meta(), meta_text))
                return meta_missing(hash_paths[i], "id.fields");
            append_part(scratch, meta_text);
            continue;
        }
        const auto found = hash_paths[i].find(entity);
        if (!found) {
            return reject("id_missing", "required", hash_paths[i].pointer(),
                          fmt::format("'{}' of id.fields is not in the record", options.id.fields[i]));
        }
        append_part(scratch, simdjson::minify(*found));
    }
    set_hex_id(hash_hex(scratch));
    return true;
}

bool MessageRenderer::Impl::meta_missing(const ValuePath& path, std::string_view setting) {
    return reject("id_missing", "required", path.pointer(),
                  fmt::format("{} names what is not known of this source's records", setting));
}

void MessageRenderer::Impl::set_id(std::string_view id) {
    id_text = id;
    made.id = id_text;
    id_member = "\"_id\":";
    base::append_json_string(id_member, id);
    put_id_member();
}

void MessageRenderer::Impl::set_hex_id(const HexId& id) {
    id_text.assign(id.data(), id.size());
    made.id = id_text;
    id_member = "\"_id\":\"";
    id_member.append(id.data(), id.size());
    id_member += '"';
    put_id_member();
}

void MessageRenderer::Impl::put_id_member() {
    set_member("_id", own_id.has_value(), std::string_view{id_member}.substr(6), id_member);
}

void MessageRenderer::Impl::set_member(std::string_view key, bool present, std::string_view json,
                                       std::string& member) {
    if (!present) {
        edits.insert_member(member);
        return;
    }
    const std::string_view old = members.find(text, key);
    edits.replace(static_cast<std::size_t>(old.data() - text.data()), old.size(), json);
}

// --- timestamp
// ----------------------------------------------------------------------------------------------------

bool MessageRenderer::Impl::settle_timestamp(const dom::element& entity, const RecordPlace& place) {
    switch (options.timestamp.from) {
        case TimestampOptions::From::None:
            return true;
        case TimestampOptions::From::Field:
            return timestamp_from_field(entity, place.now);
        case TimestampOptions::From::IngestTime:
            set_timestamp(place.meta.received_at);
            return true;
    }
    return true;
}

bool MessageRenderer::Impl::timestamp_from_field(const dom::element& entity, base::WallTime now) {
    const auto found = timestamp_is_own_text ? own_timestamp : timestamp_path.find(entity);
    if (!found) {
        return reject("timestamp_missing", "required", timestamp_path.pointer(),
                      fmt::format("timestamp.field '{}' is not in the record", options.timestamp.field));
    }
    std::string_view spelled;
    if (found->is_int64() || found->is_uint64()) {
        scratch = simdjson::minify(*found);
        spelled = scratch;
    } else if (found->get(spelled) != simdjson::SUCCESS) {
        return reject("timestamp_invalid", "type", timestamp_path.pointer(), "expected a time");
    }
    const bool number_for_text = options.timestamp.format == "rfc3339" && !found->is_string();
    const auto time = number_for_text ? std::nullopt : timestamp_pattern.parse(spelled);
    if (!time) {
        return reject("timestamp_invalid", number_for_text ? "type" : "format", timestamp_path.pointer(),
                      options.timestamp.format == "rfc3339"
                          ? "not a date-time that AEP accepts, such as 2026-01-31T12:00:00.123Z"
                          : fmt::format("does not fit timestamp.format '{}'", options.timestamp.format));
    }
    if (!not_in_future(*time, now)) return false;
    if (!timestamp_is_own_text) set_timestamp(*time);
    return true;
}

bool MessageRenderer::Impl::not_in_future(base::WallTime time, base::WallTime now) {
    if (time <= now + options.timestamp.max_future) return true;
    return reject(
        "timestamp_in_future", "maximum", timestamp_path.pointer(),
        fmt::format("{} s ahead of this host's clock (timestamp.max_future allows {} s)",
                    std::chrono::duration_cast<std::chrono::seconds>(time - now).count(),
                    std::chrono::duration_cast<std::chrono::seconds>(options.timestamp.max_future).count()));
}

void MessageRenderer::Impl::set_timestamp(base::WallTime time) {
    timestamp_text = base::format_rfc3339(time);
    made.timestamp = timestamp_text;
    timestamp_member = "\"timestamp\":\"";
    timestamp_member += timestamp_text;
    timestamp_member += '"';
    set_member("timestamp", own_timestamp.has_value(), std::string_view{timestamp_member}.substr(12),
               timestamp_member);
}

// --- public
// -------------------------------------------------------------------------------------------------------

MessageRenderer::MessageRenderer(const EnvelopeOptions& options, std::shared_ptr<const Proof> proof)
    : impl_{std::make_unique<Impl>(options, std::move(proof))} {}

MessageRenderer::~MessageRenderer() = default;

bool MessageRenderer::prepare(const dom::element& value, std::string_view bytes, const RecordPlace& place) {
    return impl_->prepare(value, bytes, place);
}

std::size_t MessageRenderer::size() const {
    return impl_->envelope.prefix.size() + impl_->edits.size() + impl_->envelope.suffix.size();
}

std::size_t MessageRenderer::entity_size() const {
    return impl_->edits.size();
}

void MessageRenderer::write(char* out) const {
    const Envelope& envelope = impl_->envelope;
    out += envelope.prefix.copy(out, envelope.prefix.size());
    out = impl_->edits.write(out);
    envelope.suffix.copy(out, envelope.suffix.size());
}

const Rejection& MessageRenderer::rejection() const {
    return impl_->rejection;
}

const Repairs& MessageRenderer::repairs() const {
    return impl_->repairs;
}

std::span<const Violation> MessageRenderer::tolerated() const {
    return impl_->tolerated;
}

std::size_t MessageRenderer::prefix_size() const {
    return impl_->envelope.prefix.size();
}

std::size_t MessageRenderer::suffix_size() const {
    return impl_->envelope.suffix.size();
}

}  // namespace aep::xdm
