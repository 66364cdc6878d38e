#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {

xdm::IdOptions read_entity_id(MapReader id, xdm::IdOptions::From assumed) {
    using From = xdm::IdOptions::From;
    static const Words<From> kFroms{{{"content_hash", From::ContentHash},
                                     {"uuid", From::Uuid},
                                     {"field", From::Field},
                                     {"hash", From::Hash},
                                     {"keep", From::Keep}}};
    constexpr std::size_t kMostFields = 16;
    xdm::IdOptions options;
    options.from = assumed;
    if (id.present()) id.require("from", "from: content_hash");
    id.choice("from", options.from, kFroms);
    if (options.from == From::Field) {
        id.require("field", "field: order.id");
        id.text("field", options.field, check_field);
    } else {
        id.misplaced({"field"}, "only for `from: field`");
    }
    if (options.from == From::Hash) {
        id.require("fields", "fields: [order.id, customer.id]");
        id.texts("fields", options.fields, check_field);
        const Value* fields = id.find("fields");
        const bool is_list = fields != nullptr && fields->type == Value::Type::List;
        if (is_list && (fields->items.empty() || fields->items.size() > kMostFields)) {
            id.fail(*fields, "names no fields or more than 16", "name 1 to 16");
        }
    } else {
        id.misplaced({"fields"}, "only for `from: hash`");
    }
    id.finish();
    return options;
}

}  // namespace aep::config
