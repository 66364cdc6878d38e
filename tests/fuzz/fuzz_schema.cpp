// libFuzzer: any text as a schema. It is refused with a place, or compiles to a plan that any record can be
// checked against.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "xdm/json.hpp"
#include "xdm/json_pointer.hpp"
#include "xdm/options.hpp"
#include "xdm/schema.hpp"
#include "xdm/validator.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace aep::xdm;
    const std::vector<SchemaText> texts{{"schema.json", {reinterpret_cast<const char*>(data), size}}};
    const LoadedSchema loaded = load_schema(texts);
    if ((loaded.schema == nullptr) == loaded.errors.empty()) std::abort();
    for (const SchemaProblem& problem : loaded.errors) {
        if (problem.message.empty() || problem.file.empty()) std::abort();
    }
    if (!loaded.schema) return 0;
    // A schema is a record like any other.
    const auto record = JsonDocument::parse(texts.front().text);
    if (record.has_error()) std::abort();
    Validator validator{loaded.schema};
    Report report;
    const bool is_valid = validator.validate(record->root(), report);
    if (is_valid != report.empty()) std::abort();
    if (!is_valid || !record->root().is_object()) return 0;
    // What a valid record has is no field that no record can have.
    for (const JsonMember& member : record->root().members()) {
        std::string pointer;
        append_pointer_step(pointer, member.key);
        const bool can_be = !loaded.schema->refuses_identity(pointer, UnknownKeys::Reject);
        if (member.value.is_string() && pointer != kInIdentityMap && !can_be) std::abort();
    }
    return 0;
}
