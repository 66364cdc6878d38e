#include <fmt/core.h>
#include <simdjson.h>

#include <cstdio>
#include <memory>
#include <string>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/line_reader.hpp"
#include "codec/json_decoder.hpp"
#include "xdm/schema_inference.hpp"

namespace aep::app {
namespace {

int fail(const std::string& message) {
    fmt::print(stderr, "aep-agent schema infer: {}\n", message);
    return kExitUsage;
}

/// Lines that are passed over are named, up to so many.
constexpr std::size_t kMostNamed = 10;

/// Reads sample records into an inference.
class Samples {
  public:
    void take(const LineReader::Line& line) {
        if (line.too_long) return skip(line, "longer than 256 MiB");
        const simdjson::dom::element* value = decoder_.decode(line.text);
        if (value == nullptr) return skip(line, decoder_.explain(line.text).reason);
        if (!value->is_object()) return skip(line, "not an object");
        inference_.add(*value);
    }

    [[nodiscard]] std::size_t skipped() const { return skipped_; }
    [[nodiscard]] xdm::SchemaInference& inference() { return inference_; }

  private:
    void skip(const LineReader::Line& line, const std::string& why) {
        if (++skipped_ <= kMostNamed) fmt::print(stderr, "line {}: passed over: {}\n", line.number, why);
    }

    codec::JsonDecoder decoder_{codec::CodecOptions{}};
    xdm::SchemaInference inference_;
    std::size_t skipped_ = 0;
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
    if (records == 0)
        return fail("no records to learn from: give a file with one JSON object a line, or - for stdin");
    const xdm::SchemaInference::Proposal proposal = samples.inference().propose();
    fmt::print("{}", proposal.schema);
    for (const std::string& note : proposal.notes) fmt::print(stderr, "note: {}\n", note);
    fmt::print(stderr, "proposed from {} records, {} lines passed over\n", records, samples.skipped());
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

}  // namespace

void add_schema(CLI::App& app, Action& action) {
    CLI::App* schema = app.add_subcommand("schema", "propose a schema, compare two");
    schema->require_subcommand(1);
    add_infer(*schema, action);
}

}  // namespace aep::app
