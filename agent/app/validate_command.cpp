#include <fmt/core.h>
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/line_reader.hpp"
#include "app/output.hpp"
#include "app/record_checker.hpp"
#include "app/standard_streams.hpp"

namespace aep::app {
namespace {

struct ValidateOptions {
    std::vector<std::filesystem::path> schemas;
    std::string unknown_keys = "reject";
    std::string of_class;
    std::string identity;
    std::vector<std::string> files;
};

int fail(const std::string& message, int code = kExitUsage) {
    say("aep-agent validate: {}\n", message);
    return code;
}

/// Only where the caller asks for them.
std::optional<xdm::IdentityRules> make_rules(const ValidateOptions& options, const xdm::Schema& schema) {
    if (options.of_class.empty() && options.identity.empty()) return std::nullopt;
    xdm::IdentityOptions identity;
    identity.primary = options.identity.empty() ? schema.primary_identity().value_or("") : options.identity;
    std::optional<xdm::StreamKind> kind;
    if (options.of_class == "experience_event") kind = xdm::StreamKind::ExperienceEvent;
    if (options.of_class == "profile") {
        kind = xdm::StreamKind::Profile;
        if (identity.primary.empty()) identity.primary = xdm::kInIdentityMap;
    }
    return xdm::IdentityRules{identity, kind};
}

struct Sums {
    std::uint64_t records = 0;
    std::uint64_t invalid = 0;
    std::map<std::string, std::uint64_t, std::less<>> by_keyword;  ///< of each record's first violation

    [[nodiscard]] std::string text() const {
        std::string sums =
            fmt::format("{} records, {} valid, {} invalid", records, records - invalid, invalid);
        std::string keywords;
        for (const auto& [keyword, count] : by_keyword) {
            keywords += fmt::format("{}{} {}", keywords.empty() ? "" : ", ", keyword, count);
        }
        return keywords.empty() ? sums : sums + " (" + keywords + ")";
    }
};

void write_verdict(const LineReader::Line& line, RecordChecker& checker, Sums& sums, std::string& out) {
    const bool valid = checker.check(line);
    ++sums.records;
    fmt::format_to(std::back_inserter(out), "{{\"line\":{},\"valid\":{},\"errors\":", line.number, valid);
    checker.append_errors(out);
    out += "}\n";
    if (valid) return;
    ++sums.invalid;
    const std::string_view keyword = checker.violations().front().keyword;
    const auto found = sums.by_keyword.find(keyword);
    ++(found != sums.by_keyword.end() ? found : sums.by_keyword.emplace(keyword, 0).first)->second;
}

int validate(const ValidateOptions& options) {
    if (options.files.size() > 1)
        return fail("give one file of records; for another schema file repeat --schema");
    if (!options.identity.empty() && options.identity.front() != '/') {
        return fail(fmt::format("--identity: '{}' is no JSON pointer such as /personalEmail/address",
                                options.identity));
    }
    const auto schema = load_schema_or_tell(options.schemas, "validate");
    if (!schema) return kExitUsage;
    const auto unknown_keys =
        options.unknown_keys == "allow" ? xdm::UnknownKeys::Allow : xdm::UnknownKeys::Reject;
    if (!options.identity.empty()) {
        if (const auto why = schema->refuses_identity(options.identity, unknown_keys)) {
            return fail(fmt::format("--identity: '{}' is no field of {} that can be an identity: {}",
                                    options.identity, options.schemas.front().string(), *why));
        }
    }
    auto reader = LineReader::open(options.files.empty() ? "-" : options.files.front());
    if (!reader) return fail(reader.error().message);
    RecordChecker checker{schema, unknown_keys, make_rules(options, *schema)};
    Sums sums;
    Output out;
    while (reader->fill()) {
        while (const auto line = reader->next()) {
            write_verdict(*line, checker, sums, out.text());
            out.flush_when_large();
        }
        // Whoever writes records one by one gets each verdict before the next is waited for.
        if (!out.flush()) return kExitGaveUp;  // main says so
    }
    if (reader->error()) return fail(reader->error()->message, kExitGaveUp);
    say("aep-agent validate: {}\n", sums.text());
    return sums.invalid == 0 ? kExitOk : kExitRejected;
}

constexpr const char* kHelp =
    "One JSON line per record on stdout, in the order of the records; up to five errors each, as AEP has "
    "it:\n"
    "  {\"line\":1,\"valid\":true,\"errors\":[]}\n"
    "  "
    "{\"line\":2,\"valid\":false,\"errors\":[{\"keyword\":\"type\",\"pointer\":\"/"
    "_id\",\"message\":\"...\"}]}\n"
    "A line that is no JSON has the keyword json. Blank lines are passed over; sums go to stderr.\n"
    "\n"
    "Exit codes: 0 all valid; 1 some are not; 2 bad command line or schema; 3 reading or writing failed.\n"
    "\n"
    "Examples:\n"
    "  aep-agent validate --schema events.json events.ndjson\n"
    "  aep-agent validate --schema events.json --class experience_event - < events.ndjson\n"
    "  aep-agent validate --schema profile.json --class profile --identity /personalEmail/address p.ndjson\n"
    "  aep-agent validate --schema order.json --schema address.json --unknown-keys allow orders.ndjson\n"
    "  aep-agent validate --schema events.json events.ndjson | jq -c 'select(.valid | not)'";

}  // namespace

void add_validate(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand("validate", "are records valid against a schema?");
    const auto options = std::make_shared<ValidateOptions>();
    command
        ->add_option("--schema", options->schemas,
                     "the schema; repeat it for files that it refers to by $id or file name")
        ->required()
        ->type_name("FILE")
        ->allow_extra_args(false);
    command
        ->add_option("--unknown-keys", options->unknown_keys,
                     "keys that the schema does not know: reject, as AEP does, or allow")
        ->check(CLI::IsMember({"reject", "allow"}))
        ->capture_default_str();
    command
        ->add_option(
            "--class", options->of_class,
            "also the rules of the class and of identities; a profile needs a primary identity: the one of\n"
            "--identity, else of the schema's descriptors, else one that is marked in identityMap")
        ->check(CLI::IsMember({"profile", "experience_event"}));
    command
        ->add_option("--identity", options->identity,
                     "the field that is the primary identity; the schema must have it")
        ->type_name("POINTER");
    command->add_option("file", options->files, "one JSON value a line; - or nothing: stdin")
        ->type_name("FILE|-");
    command->footer(kHelp);
    command->callback([options, &action] { action = [options] { return validate(*options); }; });
}

}  // namespace aep::app
