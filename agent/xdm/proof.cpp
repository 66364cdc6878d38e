#include "xdm/proof.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "xdm/json.hpp"
#include "xdm/report.hpp"
#include "xdm/validator.hpp"

namespace aep::xdm {
namespace {

namespace fs = std::filesystem;

/// A directory stands for its *.json, in name order.
std::vector<fs::path> expand(const std::vector<fs::path>& named, std::vector<SchemaProblem>& errors) {
    std::vector<fs::path> files;
    for (const fs::path& path : named) {
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            files.push_back(path);
            continue;
        }
        std::vector<fs::path> found;
        for (fs::directory_iterator entry{path, error}, end; !error && entry != end; entry.increment(error)) {
            if (entry->path().extension() == ".json") found.push_back(entry->path());
        }
        if (error) errors.push_back({path.string(), "", "cannot be read: " + error.message()});
        if (!error && found.empty()) errors.push_back({path.string(), "", "has no *.json"});
        std::ranges::sort(found);
        files.insert(files.end(), found.begin(), found.end());
    }
    return files;
}

/// What the schema says of an entity that has nothing but this member.
std::optional<std::string> fault_of_member(Validator& validator, const std::string& key,
                                           const std::string& value) {
    const auto entity = JsonDocument::parse(fmt::format(R"({{"{}":"{}"}})", key, value));
    Report report;
    if (validator.validate(entity.value().root(), report)) return std::nullopt;
    for (const Violation& violation : report.violations()) {
        const bool unknown = violation.keyword == "additionalProperties" && violation.key == key;
        if (unknown || violation.pointer == "/" + key) return violation.message;
    }
    return std::nullopt;
}

/// Members that the agent makes must be in the schema: else each entity would be refused for what the agent
/// did.
void check_made_members(const Proof& proof, const EnvelopeOptions& envelope, const std::string& file,
                        std::vector<SchemaProblem>& errors) {
    // Stripping would hide what is looked for.
    const auto keys = proof.unknown_keys == UnknownKeys::Allow ? UnknownKeys::Allow : UnknownKeys::Reject;
    Validator validator{proof.schema, keys};
    if (envelope.id.from != IdOptions::From::Keep) {
        if (auto fault = fault_of_member(validator, "_id", "0123456789abcdef0123456789abcdef")) {
            errors.push_back(
                {file, "",
                 fmt::format("does not take the _id that the stream's entity_id makes: {}", *fault)});
        }
    }
    if (envelope.timestamp.from != TimestampOptions::From::None) {
        if (auto fault = fault_of_member(validator, "timestamp", "2026-01-31T12:00:00.123Z")) {
            errors.push_back({file, "", fmt::format("does not take the stream's timestamp: {}", *fault)});
        }
    }
}

/// Each entity would be refused for want of it; with `validate: warn` it is sent all the same.
void check_primary_identity(const Proof& proof, const IdentityOptions& identity, const std::string& file,
                            LoadedProof& loaded) {
    if (identity.primary.empty()) return;
    const auto why = proof.schema->refuses_identity(identity.primary, proof.unknown_keys);
    if (!why) return;
    auto& problems = proof.mode == Validate::Warn ? loaded.warnings : loaded.errors;
    problems.push_back({identity.primary_place, "",
                        fmt::format("identity.primary: '{}' is no field of {} that can be an identity: {}",
                                    identity.primary, file, *why)});
}

void warn_of_mismatch(const Schema& schema, const EnvelopeOptions& envelope, const std::string& file,
                      std::vector<SchemaProblem>& warnings) {
    if (schema.id().empty() || envelope.schema_id.empty() || schema.id() == envelope.schema_id) return;
    warnings.push_back({file, "/$id",
                        fmt::format("'{}' is not the stream's schema.id '{}': is it the right file?",
                                    schema.id(), envelope.schema_id)});
}

}  // namespace

LoadedProof load_proof(const ProofOptions& options, const EnvelopeOptions& envelope) {
    LoadedProof loaded;
    if (options.validate == Validate::None) return loaded;
    auto proof = std::make_shared<Proof>();
    proof->mode = options.validate;
    proof->unknown_keys = options.unknown_keys;
    proof->coerce = options.coerce;
    const std::vector<fs::path> files = expand(options.schema_files, loaded.errors);
    if (!files.empty()) {
        LoadedSchema schema = load_schema_files(files);
        std::ranges::move(schema.errors, std::back_inserter(loaded.errors));
        loaded.warnings = std::move(schema.warnings);
        proof->schema = std::move(schema.schema);
    }
    if (!loaded.errors.empty()) return loaded;
    IdentityOptions identity = options.identity;
    if (proof->schema) {
        check_made_members(*proof, envelope, files.front().string(), loaded.errors);
        warn_of_mismatch(*proof->schema, envelope, files.front().string(), loaded.warnings);
        check_primary_identity(*proof, identity, files.front().string(), loaded);
        if (identity.primary.empty()) identity.primary = proof->schema->primary_identity().value_or("");
        if (identity.primary.empty() && envelope.kind == StreamKind::Profile &&
            envelope.format == StreamFormat::Xdm) {
            loaded.warnings.push_back(
                {files.front().string(), "",
                 "nothing says which field is the primary identity: profiles without one are not "
                 "caught; set the stream's identity.primary to the field, or to identity_map"});
        }
    }
    if (envelope.format == StreamFormat::Xdm) proof->rules.emplace(identity, envelope.kind);
    if (loaded.errors.empty()) loaded.proof = std::move(proof);
    return loaded;
}

}  // namespace aep::xdm
