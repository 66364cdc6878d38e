#include "delivery/receipt_line.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <iterator>
#include <optional>
#include <string_view>

#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "delivery/verdict.hpp"

namespace aep::delivery {
namespace {

namespace ondemand = simdjson::ondemand;

void add_text(std::string& line, std::string_view key, std::string_view text) {
    if (text.empty()) return;
    if (line.back() != '{') line += ',';
    base::append_json_string(line, key);
    line += ':';
    base::append_json_string(line, base::to_utf8(text));
}

void add_number(std::string& line, std::string_view key, std::uint64_t number) {
    if (line.back() != '{') line += ',';
    fmt::format_to(std::back_inserter(line), "\"{}\":{}", key, number);
}

void add_origins(std::string& line, const ReceiptDraft& draft) {
    line += ",\"origins\":[";
    for (const record::OriginPtr& origin : draft.origins) {
        if (line.back() != '[') line += ',';
        line += '{';
        add_text(line, "source", origin->source);
        add_text(line, origin->is_file ? "file" : "origin", origin->name);
        add_text(line, "generation", origin->generation);
        line += '}';
    }
    line += ']';
}

/// The entity's `_id`; empty without one.
std::string_view id_of(ondemand::parser& parser, std::string_view entity) {
    ondemand::document document;
    std::string_view id;
    const std::size_t readable = entity.size() + simdjson::SIMDJSON_PADDING;
    if (parser.iterate(entity.data(), entity.size(), readable).get(document) != simdjson::SUCCESS) return {};
    return document["_id"].get_string().get(id) == simdjson::SUCCESS ? id : std::string_view{};
}

void add_messages(std::string& line, const ReceiptDraft& draft, const std::optional<AnswerDetails>& details) {
    ondemand::parser parser;
    line += ",\"messages\":[";
    for (std::size_t i = 0; i < draft.places.size(); ++i) {
        const ReceiptDraft::Place& place = draft.places[i];
        if (line.back() != '[') line += ',';
        line += '{';
        add_number(line, "origin", place.origin);
        add_number(line, "position", place.position);
        add_text(line, "id", id_of(parser, std::string_view{draft.body}.substr(place.begin, place.size)));
        if (details) {
            add_text(line, "xaction_id", details->messages[i].xaction_id);
            // Without a status of its own it shares the request's.
            if (details->messages[i].status != 0) {
                add_number(line, "status", static_cast<std::uint64_t>(details->messages[i].status));
            }
        }
        line += '}';
    }
    line += ']';
}

}  // namespace

ReceiptDraft make_draft(const record::Batch& batch) {
    ReceiptDraft draft;
    draft.stream = batch.stream->id;
    draft.body.reserve(batch.body().size() + simdjson::SIMDJSON_PADDING);
    draft.body = batch.body();
    draft.places.reserve(batch.messages.size());
    for (const record::Message& message : batch.messages) {
        const record::OriginPtr& origin = batch.tickets[message.ticket].ledger->origin();
        if (draft.origins.empty() || draft.origins.back() != origin) draft.origins.push_back(origin);
        const std::string_view entity = batch.entity_of(message);
        draft.places.push_back({.begin = static_cast<std::uint32_t>(entity.data() - batch.body().data()),
                                .size = static_cast<std::uint32_t>(entity.size()),
                                .origin = static_cast<std::uint32_t>(draft.origins.size() - 1),
                                .position = batch.position_of(message)});
    }
    return draft;
}

std::string to_line(const ReceiptDraft& draft) {
    const auto details = read_details(draft.answer, draft.places.size());
    std::string line{'{'};
    line.reserve(256 + draft.places.size() * 128);
    add_text(line, "time", base::format_rfc3339(draft.time));
    add_text(line, "destination", draft.destination);
    add_text(line, "stream", draft.stream);
    add_number(line, "status", static_cast<std::uint64_t>(draft.status));
    add_number(line, "attempts", draft.attempts);
    if (details) add_text(line, "batch_id", details->batch_id);
    add_origins(line, draft);
    add_messages(line, draft, details);
    line += "}\n";
    return line;
}

}  // namespace aep::delivery
