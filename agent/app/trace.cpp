#include "app/trace.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "store/done_lines.hpp"
#include "store/letter_directory.hpp"
#include "store/letter_reader.hpp"
#include "store/readable.hpp"
#include "store/stored_letter.hpp"

namespace aep::app {
namespace {

namespace fs = std::filesystem;
namespace dom = simdjson::dom;
using store::LetterReader;

std::string text_of(const dom::object& object, std::string_view key) {
    std::string_view text;
    return object[key].get(text) == simdjson::SUCCESS ? std::string{text} : std::string{};
}

std::uint64_t number_of(const dom::object& object, std::string_view key) {
    std::uint64_t number = 0;
    return object[key].get(number) == simdjson::SUCCESS ? number : 0;
}

/// As it stands in a line of JSON: what is not in the line need not be parsed.
std::string sought_text(const TraceQuestion& question) {
    std::string text;
    base::append_json_string(text, base::to_utf8(question.id.empty() ? question.file : question.id));
    return text;
}

bool is_sought(const TraceQuestion& question, const std::string& id, const std::string& file,
               std::uint64_t position) {
    if (!question.id.empty()) return id == question.id;
    return file == question.file && position == question.offset;
}

template <class OnLine>
void read_lines(const fs::path& directory, const std::string& sought, Trace& trace, const OnLine& on_line) {
    if (const auto readable = store::check_readable(directory); !readable) {
        trace.unknown.push_back(readable.error().message);
    }
    for (const fs::path& path : store::letter_files_in(directory)) {
        auto reader = LetterReader::open(path, LetterReader::Hold::None);
        if (!reader) {
            trace.unknown.push_back(reader.error().message);
            continue;
        }
        const store::DoneLines done = store::DoneLines::of(path);
        while (const auto line = reader->next()) {
            if (line->text.find(sought) == std::string_view::npos) continue;
            on_line(line->text, fmt::format("{}:{}", path.string(), line->number),
                    done.contains(line->number));
        }
    }
}

void add_letter(const TraceQuestion& question, std::string_view line, const std::string& place,
                bool is_replayed, Trace& trace) {
    const auto letter = store::parse_letter(line);
    if (!letter || !is_sought(question, letter->id, letter->is_file ? letter->name : "", letter->position))
        return;
    std::string words = fmt::format(
        "{} {}: {}", is_replayed ? "was a dead letter, since replayed:" : "is a dead letter:", letter->code,
        letter->reason);
    if (!letter->answer.empty()) words += fmt::format(" (the inlet's words: {})", letter->answer);
    trace.stations.push_back({.kind = is_replayed ? Station::Kind::Replayed : Station::Kind::DeadLetter,
                              .time = letter->time,
                              .words = std::move(words),
                              .place = place,
                              .id = letter->id,
                              .file = letter->name,
                              .position = letter->position});
}

void add_message(const TraceQuestion& question, const dom::object& receipt, const dom::object& message,
                 const std::string& place, Trace& trace) {
    dom::array origins;
    dom::object origin;
    if (receipt["origins"].get(origins) != simdjson::SUCCESS) return;
    if (origins.at(number_of(message, "origin")).get(origin) != simdjson::SUCCESS) return;
    const std::string id = text_of(message, "id");
    const std::string file = text_of(origin, "file");
    const std::uint64_t position = number_of(message, "position");
    if (!is_sought(question, id, file, position)) return;
    const std::uint64_t own = number_of(message, "status");
    const std::uint64_t status = own != 0 ? own : number_of(receipt, "status");
    const bool is_accepted = status >= 200 && status < 300;
    // AEP gives accepted messages no status of their own.
    const std::string with_status = own == 0 ? "" : fmt::format(" with status {}", own);
    trace.stations.push_back(
        {.kind = is_accepted ? Station::Kind::Accepted : Station::Kind::Refused,
         .time = text_of(receipt, "time"),
         .words = fmt::format("was sent: destination '{}' {} it{} (batchId {}, xactionId {})",
                              text_of(receipt, "destination"), is_accepted ? "accepted" : "did not accept",
                              with_status, text_of(receipt, "batch_id"), text_of(message, "xaction_id")),
         .place = place,
         .id = id,
         .file = file.empty() ? text_of(origin, "origin") : file,
         .position = position});
}

void add_receipt(const TraceQuestion& question, std::string_view line, const std::string& place,
                 Trace& trace) {
    dom::parser parser;
    dom::object receipt;
    dom::array messages;
    const simdjson::padded_string text{line};
    if (parser.parse(text).get(receipt) != simdjson::SUCCESS) return;
    if (receipt["messages"].get(messages) != simdjson::SUCCESS) return;
    for (const dom::element element : messages) {
        dom::object message;
        if (element.get(message) == simdjson::SUCCESS) add_message(question, receipt, message, place, trace);
    }
}

/// What nobody can know, because it is not kept.
void add_unknown(const TraceQuestion& question, const config::Config& config, Trace& trace) {
    if (!config.receipts) {
        trace.unknown.emplace_back(
            "receipts are off (`receipts:` in the configuration): what was accepted is not kept");
    }
    if (question.file.empty()) {
        trace.unknown.emplace_back(
            "a record that failed before it was sent may have no _id yet: ask with --file and --offset");
        return;
    }
    std::error_code error;
    const auto size = fs::file_size(question.file, error);
    if (error == std::errc::no_such_file_or_directory) {
        trace.unknown.push_back(fmt::format("{} is not there any more (rotated or removed)", question.file));
    } else if (error) {
        trace.unknown.push_back(fmt::format("cannot look at {}: {}", question.file, error.message()));
    } else if (question.offset >= size) {
        trace.unknown.push_back(fmt::format("{} has only {} bytes now", question.file, size));
    }
}

std::string conclude(const Trace& trace) {
    if (trace.stations.empty()) {
        return "No trace of it: not read yet, on its way, dropped by on_invalid, or older than what is kept.";
    }
    const auto is_there = [&trace](Station::Kind kind) {
        return std::ranges::any_of(trace.stations, [kind](const Station& one) { return one.kind == kind; });
    };
    if (is_there(Station::Kind::Accepted)) {
        return "Delivered: AEP has accepted it. Look for its batchId in AEP's monitoring.";
    }
    if (is_there(Station::Kind::DeadLetter)) {
        return "Not delivered: it waits as a dead letter. Mend what its reason names, then: aep-agent "
               "replay.";
    }
    if (is_there(Station::Kind::Replayed)) return "Replayed, and settled then; no receipt says how.";
    return "Not accepted so far.";
}

std::string_view name_of(Station::Kind kind) {
    switch (kind) {
        case Station::Kind::Accepted:
            return "accepted";
        case Station::Kind::Refused:
            return "not_accepted";
        case Station::Kind::DeadLetter:
            return "dead_letter";
        case Station::Kind::Replayed:
            return "replayed";
    }
    return "";
}

std::string json_text(std::string_view text) {
    std::string out;
    base::append_json_string(out, base::to_utf8(text));
    return out;
}

}  // namespace

Trace trace(const TraceQuestion& question, const config::Config& config) {
    Trace found;
    const std::string sought = sought_text(question);
    const fs::path letters = config.dead_letter.dir;
    read_lines(letters, sought, found, [&](std::string_view line, const std::string& place, bool done) {
        add_letter(question, line, place, done, found);
    });
    read_lines(letters / "replayed", sought, found,
               [&](std::string_view line, const std::string& place, bool) {
                   add_letter(question, line, place, true, found);
               });
    if (config.receipts) {
        read_lines(config.receipts->dir, sought, found,
                   [&](std::string_view line, const std::string& place, bool) {
                       add_receipt(question, line, place, found);
                   });
    }
    std::ranges::stable_sort(found.stations, {}, &Station::time);
    add_unknown(question, config, found);
    found.conclusion = conclude(found);
    return found;
}

std::string to_text(const Trace& trace) {
    std::string out;
    for (const Station& station : trace.stations) {
        out += fmt::format("{}  {}\n    record at {} of {}{}\n    says {}\n", station.time, station.words,
                           station.position, station.file, station.id.empty() ? "" : ", _id " + station.id,
                           station.place);
    }
    for (const std::string& unknown : trace.unknown) out += fmt::format("not known: {}\n", unknown);
    return out + trace.conclusion + '\n';
}

std::string to_json(const Trace& trace) {
    std::string stations;
    for (const Station& station : trace.stations) {
        stations += fmt::format(
            "{}{{\"kind\":{},\"time\":{},\"words\":{},\"place\":{},\"id\":{},\"file\":{},\"position\":{}}}",
            stations.empty() ? "" : ",", json_text(name_of(station.kind)), json_text(station.time),
            json_text(station.words), json_text(station.place), json_text(station.id),
            json_text(station.file), station.position);
    }
    std::string unknown;
    for (const std::string& one : trace.unknown) unknown += (unknown.empty() ? "" : ",") + json_text(one);
    return fmt::format("{{\"stations\":[{}],\"unknown\":[{}],\"conclusion\":{}}}\n", stations, unknown,
                       json_text(trace.conclusion));
}

}  // namespace aep::app
