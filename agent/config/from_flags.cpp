#include "config/from_flags.hpp"

#include <initializer_list>
#include <utility>

namespace aep::config {
namespace {

struct Flag {
    std::string name;
    const std::string& text;
    std::string example;
};

/// A scalar that problems call by its flag.
Value scalar(std::string text, std::string flag) {
    Value value;
    value.type = Value::Type::Scalar;
    value.text = std::move(text);
    value.path = std::move(flag);
    return value;
}

Value map(std::vector<Value::Entry> entries) {
    Value value;
    value.type = Value::Type::Map;
    value.entries = std::move(entries);
    return value;
}

Value list_of(Value item) {
    Value value;
    value.type = Value::Type::List;
    value.items.push_back(std::move(item));
    return value;
}

Value::Entry entry(std::string key, Value value) {
    return {std::move(key), {}, std::move(value)};
}

Problems missing(const Flags& flags) {
    const std::vector<Flag> required{{"--url", flags.url, "https://dcs.adobedc.net/collection/INLET"},
                                     {"--org", flags.org, "...@AdobeOrg"},
                                     {"--dataset", flags.dataset, "24 HEX DIGITS"},
                                     {"--schema", flags.schema, "https://ns.adobe.com/TENANT/schemas/HASH"},
                                     {"--kind", flags.kind, "experience_event"}};
    Problems problems;
    for (const Flag& flag : required) {
        if (!flag.text.empty()) continue;
        problems.push_back({{}, flag.name + " is missing", "add `" + flag.name + " " + flag.example + "`"});
    }
    return problems;
}

Value destination_of(const Flags& flags) {
    Value destination = map({entry("id", scalar("inlet", "")), entry("platform", scalar("main", "")),
                             entry("url", scalar(flags.url, "--url"))});
    if (!flags.ca.empty()) {
        destination.entries.push_back(entry("tls", map({entry("ca_file", scalar(flags.ca, "--ca"))})));
    }
    return destination;
}

Value stream_of(const Flags& flags) {
    const std::string id = flags.kind == "profile" ? "profiles" : "events";
    Value schema = map({entry("id", scalar(flags.schema, "--schema"))});
    if (!flags.schema_file.empty()) {
        schema.entries.push_back(entry("file", scalar(flags.schema_file, "--schema-file")));
    }
    return map({entry("id", scalar(id, "")), entry("kind", scalar(flags.kind, "--kind")),
                entry("schema", std::move(schema)), entry("dataset_id", scalar(flags.dataset, "--dataset")),
                entry("destination", scalar("inlet", ""))});
}

}  // namespace

LoadOutcome from_flags(const Flags& flags) {
    LoadOutcome outcome;
    outcome.problems = missing(flags);
    if (!outcome.problems.empty()) return outcome;
    const Value platform =
        map({entry("id", scalar("main", "")), entry("org_id", scalar(flags.org, "--org"))});
    const Value root =
        map({entry("platforms", list_of(platform)), entry("streams", list_of(stream_of(flags))),
             entry("destinations", list_of(destination_of(flags)))});
    Context context;
    Config config = read_config(root, Sources::Optional, outcome.effective, context);
    // An id that nobody uses is what the files have warnings for; here the streams are used by the command.
    for (Problem& warning : context.warnings) {
        if (warning.text.starts_with("--")) outcome.warnings.push_back(std::move(warning));
    }
    outcome.problems = std::move(context.problems);
    if (outcome.problems.empty()) outcome.config = std::move(config);
    return outcome;
}

}  // namespace aep::config
