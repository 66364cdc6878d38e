#include "xdm/value_path.hpp"

#include <simdjson.h>

#include <algorithm>

namespace aep::xdm {

ValuePath::ValuePath(std::string_view dotted) {
    if (dotted.starts_with(base::kMetaPrefix)) {
        meta_ = base::meta_field(dotted.substr(base::kMetaPrefix.size()));
    }
    while (!dotted.empty()) {
        const std::size_t dot = std::min(dotted.find('.'), dotted.size());
        keys_.emplace_back(dotted.substr(0, dot));
        dotted.remove_prefix(std::min(dot + 1, dotted.size()));
    }
}

std::optional<simdjson::dom::element> ValuePath::find(const simdjson::dom::element& record) const {
    simdjson::dom::element value = record;
    for (const std::string& key : keys_) {
        if (value.at_key(key).get(value) != simdjson::SUCCESS) return std::nullopt;
    }
    return value;
}

std::string ValuePath::pointer() const {
    std::string pointer;
    for (const std::string& key : keys_) pointer += '/' + key;
    return pointer;
}

}  // namespace aep::xdm
