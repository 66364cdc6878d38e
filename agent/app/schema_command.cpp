#include <fmt/core.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/line_reader.hpp"
#include "app/output.hpp"
#include "app/record_checker.hpp"
#include "app/record_parser.hpp"
#include "app/standard_streams.hpp"
#include "codec/options.hpp"
#include "xdm/dom_view.hpp"
#include "xdm/json.hpp"
#include "xdm/schema_diff.hpp"
#include "xdm/schema_inference.hpp"

namespace aep::app {
namespace {

int fail(const std::string& message, std::string_view command = "infer") {
    say("aep-agent schema {}: {}\n", command, message);
    return kExitUsage;
}

/// Lines that are passed over are named, up to so many.
constexpr std::size_t kMostNamed = 10;

/// Reads sample records into an inference.
class Samples {
  public:
    void take(const LineReader::Line& line) {
        begins_with_array_ = begins_with_array_ || (is_first_ && line.text.starts_with('['));
        is_first_ = false;
        const RecordParser::Parsed record = parser_.parse(line);
        if (record.value != nullptr) return add(line, xdm::DomView{*record.value});
        if (record.exact != nullptr) return add(line, xdm::JsonView{record.exact});
        skip(line, record.reason);
    }

    [[nodiscard]] std::size_t skipped() const { return skipped_; }
    /// Whether the first line is, or begins, an array: then it is likely that all records are in it.
    [[nodiscard]] bool begins_with_array() const { return begins_with_array_; }
    [[nodiscard]] xdm::SchemaInference& inference() { return inference_; }

  private:
    template <xdm::ValueView V>
    void add(const LineReader::Line& line, V record) {
        if (record.kind() != xdm::ValueKind::Object) return skip(line, "not an object");
        inference_.add(record);
    }
    void skip(const LineReader::Line& line, const std::string& why) {
        if (++skipped_ <= kMostNamed) say("line {}: passed over: {}\n", line.number, why);
    }

    RecordParser parser_{codec::CodecOptions{}.max_depth};
    xdm::SchemaInference inference_;
    std::size_t skipped_ = 0;
    bool is_first_ = true;
    bool begins_with_array_ = false;
};

int infer(const std::string& file) {
    auto reader = LineReader::open(file);
    if (!reader) return fail(reader.error().message);
    Samples samples;
    while (reader->fill()) {
        while (const auto line = reader->next()) samples.take(*line);
    }
    if (reader->error()) return fail(reader->error()->message);
    const std::uint64_t records = samples.inference().records();
    if (records == 0 && samples.begins_with_array()) {
        return fail(
            fmt::format("{} begins with a JSON array, not one record a line; `jq -c '.[]'` makes lines of it",
                        file.empty() || file == "-" ? "stdin" : file));
    }
    if (records == 0)
        return fail("no records to learn from: give a file with one JSON object a line, or - for stdin");
    const xdm::SchemaInference::Proposal proposal = samples.inference().propose();
    fmt::print("{}", proposal.schema);
    for (const std::string& note : proposal.notes) say("note: {}\n", note);
    say("proposed from {} records, {} lines passed over\n", records, samples.skipped());
    return samples.skipped() == 0 ? kExitOk : kExitRejected;
}

void add_infer(CLI::App& schema, Action& action) {
    CLI::App* command = schema.add_subcommand("infer", "propose a schema from sample records");
    const auto file = std::make_shared<std::string>();
    command->add_option("file", *file, "one JSON object a line; - or nothing: stdin")->type_name("FILE|-");
    command->footer(
        "The schema goes to stdout: JSON Schema draft-06 in XDM's style, with what it rests on in "
        "meta:evidence. What a\n"
        "person should look at (mixed types, nulls) goes to stderr. The samples are valid against it.\n"
        "\n"
        "Exit codes: 0 done; 1 done, but lines were passed over that are no JSON objects; 2 nothing to learn "
        "from.\n"
        "\n"
        "Examples:\n"
        "  aep-agent schema infer events.ndjson > schema.json\n"
        "  head -n 10000 /var/log/shop/events.json | aep-agent schema infer - > schema.json\n"
        "  aep-agent validate --schema schema.json events.ndjson");
    command->callback([file, &action] { action = [file] { return infer(*file); }; });
}

// --- diff
// ---------------------------------------------------------------------------------------------------------

struct DiffOptions {
    std::string before;
    std::string after;
    std::string records;
    std::string unknown_keys = "reject";
};

/// The schema's text as JSON; what is wrong with it as a schema has been told by the compiler.
std::optional<xdm::JsonDocument> read_json(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    auto document = xdm::JsonDocument::parse(text);
    if (document) return std::move(*document);
    (void)fail(file + ": " + document.error().message, "diff");
    return std::nullopt;
}

/// Writes the records whose verdict changes; returns how many, or nothing when they cannot be read.
std::optional<std::uint64_t> compare_verdicts(const std::string& file, RecordChecker& before,
                                              RecordChecker& after, Output& out) {
    auto reader = LineReader::open(file);
    if (!reader) {
        (void)fail(reader.error().message, "diff");
        return std::nullopt;
    }
    std::uint64_t records = 0;
    std::uint64_t changed = 0;
    while (reader->fill()) {
        while (const auto line = reader->next()) {
            ++records;
            const bool was_valid = before.check(*line);
            const bool is_valid = after.check(*line);
            if (was_valid == is_valid) continue;
            ++changed;
            fmt::format_to(std::back_inserter(out.text()),
                           "{{\"line\":{},\"before\":{},\"after\":{},\"errors\":", line->number, was_valid,
                           is_valid);
            (was_valid ? after : before).append_errors(out.text());
            out.text() += "}\n";
            out.flush_when_large();
        }
    }
    if (reader->error()) {
        (void)fail(reader->error()->message, "diff");
        return std::nullopt;
    }
    say("{} of {} records change their verdict\n", changed, records);
    return changed;
}

int diff(const DiffOptions& options) {
    const auto before = load_schema_or_tell({options.before}, "schema diff");
    const auto after = load_schema_or_tell({options.after}, "schema diff");
    if (!before || !after) return kExitUsage;
    const auto old_text = read_json(options.before);
    const auto new_text = read_json(options.after);
    if (!old_text || !new_text) return kExitUsage;
    const std::vector<xdm::SchemaChange> changes = xdm::compare_schemas(old_text->root(), new_text->root());
    Output out;
    std::map<std::string_view, std::size_t> effects;
    for (const xdm::SchemaChange& change : changes) {
        out.text() += change.line() + "\n";
        ++effects[xdm::name_of(change.effect)];
    }
    std::string sums;
    for (const auto& [effect, count] : effects) sums += fmt::format(", {} {}", count, effect);
    say("{} differences{}\n", changes.size(), sums);
    std::uint64_t changed = 0;
    if (!options.records.empty()) {
        const auto unknown_keys =
            options.unknown_keys == "allow" ? xdm::UnknownKeys::Allow : xdm::UnknownKeys::Reject;
        RecordChecker old_checker{before, unknown_keys};
        RecordChecker new_checker{after, unknown_keys};
        const auto compared = compare_verdicts(options.records, old_checker, new_checker, out);
        if (!compared) return kExitUsage;
        changed = *compared;
    }
    if (!out.flush()) return kExitGaveUp;
    return changes.empty() && changed == 0 ? kExitOk : kExitRejected;
}

void add_diff(CLI::App& schema, Action& action) {
    CLI::App* command =
        schema.add_subcommand("diff", "what changed between two schemas, and for which records");
    const auto options = std::make_shared<DiffOptions>();
    command->add_option("old", options->before, "the schema as it was")->required()->type_name("OLD");
    command->add_option("new", options->after, "the schema as it is to be")->required()->type_name("NEW");
    command->add_option("records", options->records, "sample records, one JSON value a line; - is stdin")
        ->type_name("FILE|-");
    command
        ->add_option("--unknown-keys", options->unknown_keys, "of the samples: reject, as AEP does, or allow")
        ->check(CLI::IsMember({"reject", "allow"}))
        ->capture_default_str();
    command->footer(
        "One JSON line per difference on stdout, with what it does to records that were valid: stricter, "
        "looser,\n"
        "compatible (nothing), different (both):\n"
        "  "
        "{\"path\":\"/order/"
        "total\",\"keyword\":\"maximum\",\"before\":100,\"after\":50,\"effect\":\"stricter\"}\n"
        "then one per sample record whose verdict changes, with the errors that come or go:\n"
        "  {\"line\":7,\"before\":true,\"after\":false,\"errors\":[...]}\n"
        "\n"
        "Exit codes: 0 no differences; 1 differences; 2 bad command line, schema or file; 3 cannot write.\n"
        "\n"
        "Examples:\n"
        "  aep-agent schema diff events-v1.json events-v2.json\n"
        "  aep-agent schema diff events-v1.json events-v2.json events.ndjson | jq -c 'select(.line)'");
    command->callback([options, &action] { action = [options] { return diff(*options); }; });
}

}  // namespace

void add_schema(CLI::App& app, Action& action) {
    CLI::App* schema = app.add_subcommand("schema", "propose a schema, compare two");
    schema->require_subcommand(1);
    schema->footer(
        "Examples:\n"
        "  aep-agent schema infer events.ndjson > schema.json\n"
        "  aep-agent schema diff old.json new.json events.ndjson\n"
        "\n"
        "aep-agent schema COMMAND --help tells more of each.");
    add_infer(*schema, action);
    add_diff(*schema, action);
}

}  // namespace aep::app
