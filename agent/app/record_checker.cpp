#include "app/record_checker.hpp"

#include <simdjson.h>

#include <utility>

#include "app/standard_streams.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "xdm/dom_view.hpp"
#include "xdm/json.hpp"

namespace aep::app {
namespace {

/// The validator's own bound is not reached by what the parser lets through.
constexpr std::size_t kMaxDepth = xdm::Validator::kMostNested - 1;

}  // namespace

RecordChecker::RecordChecker(std::shared_ptr<const xdm::Schema> schema, xdm::UnknownKeys unknown_keys,
                             std::optional<xdm::IdentityRules> rules)
    : parser_{kMaxDepth}, validator_{std::move(schema), unknown_keys}, rules_{std::move(rules)} {}

bool RecordChecker::check(const LineReader::Line& line) {
    report_.clear();
    RecordParser::Parsed record = parser_.parse(line);
    if (record.value != nullptr) {
        const bool fits = validator_.validate(*record.value, report_);
        if (rules_) xdm::add_broken_rules(*rules_, xdm::DomView{*record.value}, report_);
        return fits && report_.empty();
    }
    if (record.exact != nullptr) {
        const bool fits = validator_.validate(*record.exact, report_);
        if (rules_) xdm::add_broken_rules(*rules_, xdm::JsonView{record.exact}, report_);
        return fits && report_.empty();
    }
    return refuse(record.keyword, std::move(record.reason));
}

bool RecordChecker::refuse(std::string_view keyword, std::string message) {
    report_.clear();
    report_.add({keyword, "", "", std::move(message)});
    return false;
}

void RecordChecker::append_errors(std::string& out) const {
    out += '[';
    for (const xdm::Violation& violation : violations()) {
        if (out.back() != '[') out += ',';
        out += "{\"keyword\":";
        base::append_json_string(out, violation.keyword);
        out += ",\"pointer\":";
        base::append_json_string(out, violation.pointer);
        out += ",\"message\":";
        base::append_json_string(out, base::to_utf8(violation.message));
        out += '}';
    }
    out += ']';
}

std::shared_ptr<const xdm::Schema> load_schema_or_tell(const std::vector<std::filesystem::path>& files,
                                                       std::string_view command) {
    xdm::LoadedSchema loaded = xdm::load_schema_files(files);
    for (const xdm::SchemaProblem& warning : loaded.warnings) say("warning: {}\n", warning.line());
    for (const xdm::SchemaProblem& error : loaded.errors) say("{}\n", error.line());
    if (!loaded.schema) say("aep-agent {}: the schema cannot be used\n", command);
    return std::move(loaded.schema);
}

}  // namespace aep::app
