// libFuzzer: a schema, a zero byte, and a record. Both views of the record get the same answer, twice, and an
// invalid record has a reason; what is valid as it stands is valid with unknown keys allowed or stripped too.
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "xdm/json.hpp"
#include "xdm/schema.hpp"
#include "xdm/validator.hpp"

namespace {

using namespace aep::xdm;

void require(bool holds) {
    if (!holds) std::abort();
}

/// The answer in one line.
std::string lines(const Report& report) {
    std::string text;
    for (const Violation& violation : report.violations()) {
        text.append(violation.keyword).append(" ").append(violation.line()).append("\n");
    }
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const std::size_t middle = input.find('\0');
    if (middle == std::string_view::npos) return 0;
    const std::string_view text = input.substr(middle + 1);

    JsonLimits limits;
    limits.refuse_duplicates = false;
    const auto exact = JsonDocument::parse(text, limits);
    simdjson::dom::parser parser;
    simdjson::dom::element value;
    const simdjson::padded_string padded{text};
    const simdjson::error_code error = parser.parse(padded).get(value);
    const bool parsed = error == simdjson::SUCCESS;
    // The exact parser accepts what the fast one does, to a smaller depth, and numbers of any size beyond.
    if (parsed && exact.has_error()) require(exact.error().message.find("deeper") != std::string::npos);
    if (!parsed && !exact.has_error()) require(error == simdjson::NUMBER_ERROR);
    if (exact.has_error()) return 0;

    const std::vector<SchemaText> texts{{"schema.json", std::string{input.substr(0, middle)}}};
    const LoadedSchema loaded = load_schema(texts);
    if (!loaded.schema) return 0;
    Validator validator{loaded.schema};
    Report report;
    const bool is_valid = validator.validate(exact->root(), report);
    require(is_valid == report.empty());
    const std::string first = lines(report);
    require(validator.validate(exact->root(), report) == is_valid && lines(report) == first);
    if (parsed) require(validator.validate(value, report) == is_valid && lines(report) == first);
    if (is_valid) {
        require(Validator(loaded.schema, UnknownKeys::Allow).validate(exact->root(), report));
        require(Validator(loaded.schema, UnknownKeys::Strip).validate(exact->root(), report));
    }
    return 0;
}
