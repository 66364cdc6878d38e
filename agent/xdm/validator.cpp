#include "xdm/validator.hpp"

#include <utility>

#include "xdm/dom_view.hpp"
#include "xdm/validate_view.hpp"

namespace aep::xdm {

static_assert(ValueView<DomView>);
static_assert(ValueView<JsonView>);

Validator::Validator(std::shared_ptr<const Schema> schema, UnknownKeys unknown_keys)
    : schema_{std::move(schema)}, unknown_keys_{unknown_keys} {}

bool Validator::validate(const simdjson::dom::element& value, Report& report) {
    return validate_view(DomView{value}, report);
}

bool Validator::validate(const Json& value, Report& report) {
    return validate_view(JsonView{&value}, report);
}

void Validator::report_bound(std::string_view keyword, Report& report) {
    report.add({keyword, "", "",
                keyword == "depth" ? "is nested too deeply to be checked"
                                   : "fits too many alternatives in too many ways to be checked"});
}

}  // namespace aep::xdm
